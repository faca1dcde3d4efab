--- @include "integer"

-- True if the namespace's latest request is that of this rollout, and no run has begun it.
local function isUnbegun(namespace, rolloutId)
  local record = redis.call('HMGET', KEYS[1] .. ':namespace:' .. namespace, 'generation', 'handled', 'rolloutId', 'startedGeneration',
    'parking', 'open')
  local isUnfinished = (tonumber(record[1]) or 0) > (tonumber(record[2]) or 0)
  return isUnfinished and record[3] == rolloutId and record[4] ~= record[1] and (record[5] or '') == '' and (record[6] or '') == ''
    and redis.call('EXISTS', KEYS[1] .. ':lease:' .. namespace) == 0
end

-- Ends a request that nothing was done for: its job finds nothing to do.
local function endUnbegun(namespace, state, reason, now)
  local key = KEYS[1] .. ':namespace:' .. namespace
  redis.call('HSET', key, 'handled', redis.call('HGET', key, 'generation'), 'runningRolloutId', '', 'state', state, 'phase', 'done',
    'reason', reason, 'finishedAt', integer(now), 'changedAt', integer(now))
  redis.call('SREM', KEYS[1] .. ':dirty', namespace)
  redis.call('ZREM', KEYS[1] .. ':in-flight', namespace)
  redis.call('ZREM', KEYS[1] .. ':waiting-room', namespace)
end
