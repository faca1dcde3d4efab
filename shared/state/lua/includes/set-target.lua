-- Sets the state of a target, and updates the rollout's counts: hash `<rollout>:counts`, one field per state.
-- A rollout that was made before counts were stored has none until count.lua adds them.
-- A target whose end is final keeps it: its run can end later. The end of a target makes its rollout due for a decision.
local function setTarget(rolloutId, namespace, state, json)
  local key = KEYS[1] .. ':rollout:' .. rolloutId
  local before = redis.call('HGET', key .. ':targets', namespace)
  local known = before and cjson.decode(before) or {}
  local was = known.state
  if known.isFinal then return end
  redis.call('HSET', key .. ':targets', namespace, json)
  if was == state or redis.call('EXISTS', key .. ':counts') == 0 then return end
  if was then redis.call('HINCRBY', key .. ':counts', was, -1) end
  redis.call('HINCRBY', key .. ':counts', state, 1)
  if state == 'pending' or state == 'running' or state == 'paused' then return end
  local decided = redis.call('HMGET', key .. ':state', 'state', 'everyEnd', 'restUntil')
  if not decided[1] then return end
  redis.call('HINCRBY', key .. ':state', 'seq', 1)
  local open = 0
  for _, count in ipairs(redis.call('HMGET', key .. ':counts', 'pending', 'running', 'paused')) do
    open = open + (tonumber(count) or 0)
  end
  if open > 0 and decided[2] ~= '1' then return end
  -- A failure can stop the rollout: it does not wait.
  local dueAt = state == 'failed' and 0 or tonumber(decided[3]) or 0
  local planned = tonumber(redis.call('ZSCORE', KEYS[1] .. ':due-rollouts', rolloutId))
  if not planned or planned > dueAt then redis.call('ZADD', KEYS[1] .. ':due-rollouts', string.format('%.0f', dueAt), rolloutId) end
end
