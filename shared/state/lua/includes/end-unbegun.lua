--- @include "integer"
--- @include "set-target"

-- True if the namespace's latest request is that of this rollout, no run works on it, and nothing is written for it.
local function isUnbegun(namespace, rolloutId)
  local record = redis.call('HMGET', KEYS[1] .. ':namespace:' .. namespace, 'generation', 'handled', 'rolloutId', 'startedGeneration',
    'parking', 'open', 'appliedAt')
  local isUnfinished = (tonumber(record[1]) or 0) > (tonumber(record[2]) or 0)
  local hasWritten = record[4] == record[1] and (record[7] or '') ~= ''
  return isUnfinished and record[3] == rolloutId and not hasWritten and (record[5] or '') == '' and (record[6] or '') == ''
    and redis.call('EXISTS', KEYS[1] .. ':lease:' .. namespace) == 0
end

-- Ends a request that nothing was done for: its job finds nothing to do.
local function endUnbegun(namespace, state, reason, now)
  local key = KEYS[1] .. ':namespace:' .. namespace
  local latest = redis.call('HMGET', key, 'rolloutId', 'runningRolloutId')
  local running = latest[2] or ''
  -- An earlier rollout waited for its next attempt, which would have been this request.
  if running ~= '' and running ~= latest[1] then
    setTarget(running, namespace, 'superseded', cjson.encode({
      state = 'superseded', reason = 'superseded by rollout ' .. latest[1] .. ', which has ended', finishedAt = now}))
  end
  redis.call('HSET', key, 'handled', redis.call('HGET', key, 'generation'), 'runningRolloutId', '', 'state', state, 'phase', 'done',
    'reason', reason, 'finishedAt', integer(now), 'changedAt', integer(now))
  redis.call('SREM', KEYS[1] .. ':dirty', namespace)
  redis.call('ZREM', KEYS[1] .. ':in-flight', namespace)
  redis.call('ZREM', KEYS[1] .. ':waiting-room', namespace)
end
