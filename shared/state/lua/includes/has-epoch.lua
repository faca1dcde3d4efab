-- False if Redis is new or has lost its data: until the state is rebuilt from the cluster, nothing half-known is acted upon.
local function hasEpoch()
  return redis.call('EXISTS', KEYS[1] .. ':epoch') == 1
end
