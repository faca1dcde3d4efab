-- Replaces the details of the namespace's last bootstrap. `limits`: {ttlSeconds}
local function keepBootstrap(namespace, json, limits)
  redis.call('SET', KEYS[1] .. ':bootstrap:' .. namespace, json, 'EX', limits.ttlSeconds)
end
