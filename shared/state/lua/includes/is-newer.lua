-- True if a rollout was requested after another one. Counted here, because the clocks of processes differ; false if it is
-- not known.
local function isNewer(id, otherId)
  local order = redis.call('HGET', KEYS[1] .. ':rollout:' .. id .. ':state', 'order')
  local other = redis.call('HGET', KEYS[1] .. ':rollout:' .. otherId .. ':state', 'order')
  return (tonumber(order) or 0) > (tonumber(other) or math.huge)
end
