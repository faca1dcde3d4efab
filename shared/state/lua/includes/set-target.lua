-- Sets the state of a target, and updates the rollout's counts: hash `<rollout>:counts`, one field per state.
-- A rollout that was made before counts were stored has none until count.lua adds them.
local function setTarget(rolloutId, namespace, state, json)
  local key = KEYS[1] .. ':rollout:' .. rolloutId
  local before = redis.call('HGET', key .. ':targets', namespace)
  local was = before and cjson.decode(before).state
  redis.call('HSET', key .. ':targets', namespace, json)
  if was == state or redis.call('EXISTS', key .. ':counts') == 0 then return end
  if was then redis.call('HINCRBY', key .. ':counts', was, -1) end
  redis.call('HINCRBY', key .. ':counts', state, 1)
end
