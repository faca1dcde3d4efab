-- Takes the namespace's lease for a run, and reads the request. A lease that another token holds must expire, even if its
-- holder is dead: otherwise a process that was only suspended could not know how long it can write.
-- ARGV[1] JSON {namespace, jobId, token, leaseMs, now, releaseTtlSeconds, history: {attempts, ttlSeconds},
--   inFlight: {max?, ttlMs}}
-- Returns 'rebuilding' | 'busy' | 'full' (too many namespaces are in flight) | 'held' (its rollout is paused) | 'idle' (no unfinished request) | 'release lost' (the request has ended) | JSON of the record
--- @include "announce"
--- @include "end-unbegun"
--- @include "integer"
--- @include "record-attempt"
--- @include "set-target"

local prefix = KEYS[1]
local args = cjson.decode(ARGV[1])
local namespace, jobId, now = args.namespace, args.jobId, integer(args.now)

local function readRecord(key)
  local fields = redis.call('HGETALL', key)
  local record = {}
  for i = 1, #fields, 2 do record[fields[i]] = fields[i + 1] end
  return record
end

-- An attempt that started and did not end: the next attempt records that when it starts.
local function recordUnended(record, endedAs, reason)
  local steps = record.steps and record.steps ~= '' and record.steps or '[]'
  local json = string.sub(record.open, 1, -2) .. ',"e":"' .. endedAs .. '","x":' .. now ..
    ',"m":' .. cjson.encode(reason) .. ',"p":' .. steps .. '}'
  recordAttempt(namespace, '', json, string.match(record.open, '"s":(%d+)') or now, args.history)
end

-- A run that resumes or ends is not parked any more.
local function unpark(key)
  redis.call('HSET', key, 'parking', '')
  redis.call('HDEL', prefix .. ':parked', namespace)
end

-- Redis has lost the release, so no attempt can succeed: the request ends here.
local function endWithoutRelease(key, record)
  local reason = 'Redis has lost the requested release ' .. (record.release or '') .. ': request the deploy again'
  local target = cjson.encode({state = 'failed', code = 'release_unknown', reason = reason, finishedAt = args.now,
    jobId = record.jobId})
  for _, id in ipairs({record.rolloutId or '', record.runningRolloutId or ''}) do
    if id ~= '' then setTarget(id, namespace, 'failed', target) end
  end
  redis.call('HSET', key, 'handled', record.generation, 'runningRolloutId', '', 'state', 'failed', 'phase', 'done',
    'reason', reason, 'lastState', 'failed', 'lastCode', 'release_unknown', 'open', '', 'steps', '',
    'finishedAt', now, 'changedAt', now)
  redis.call('SREM', prefix .. ':dirty', namespace)
  unpark(key)
  announce(namespace)
end

local leaseKey = prefix .. ':lease:' .. namespace
local held = redis.call('GET', leaseKey)
if held and held ~= args.token then return 'busy' end
local key = prefix .. ':namespace:' .. namespace
local record = readRecord(key)
local generation, handled = tonumber(record.generation) or 0, tonumber(record.handled) or 0
if generation <= handled then
  redis.call('DEL', leaseKey)
  return 'idle'
end
local releaseKey = prefix .. ':release:' .. (record.release or '')
local releaseJson = redis.call('GET', releaseKey)
if not releaseJson then
  endWithoutRelease(key, record)
  redis.call('DEL', leaseKey)
  return 'release lost'
end
-- What an earlier request of the namespace has begun is not continued.
local isOwn = record.startedGeneration == record.generation
local isParked, isUnended = (record.parking or '') ~= '', (record.open or '') ~= ''
local hasWritten = isOwn and (isParked or (record.appliedAt or '') ~= '')

-- Ends what the latest run has left, and the target of an earlier rollout.
local function endEarlier()
  local running = record.runningRolloutId or ''
  if running ~= '' and running ~= record.rolloutId then
    setTarget(running, namespace, 'superseded', cjson.encode({
      state = 'superseded', reason = 'superseded by rollout ' .. record.rolloutId .. ' while it ran',
      finishedAt = args.now, jobId = record.jobId}))
    redis.call('HSET', key, 'runningRolloutId', '')
  end
  if isParked then unpark(key) end
  if isUnended and isParked then
    recordUnended(record, 'superseded', 'superseded by rollout ' .. record.rolloutId .. ' while it waited')
  elseif isUnended then
    recordUnended(record, 'lost', 'the worker was lost; last phase: ' .. (record.phase or ''))
    -- An attempt of an earlier request does not count: the new request starts with its own first attempt.
    if (tonumber(record.attempt) or 0) > 0 then record.lost = redis.call('HINCRBY', key, 'lost', 1) end
  end
  redis.call('HSET', key, 'open', '', 'steps', '')
end

-- A paused rollout writes nothing new; what was written before is still verified, but not retried. Of a cancelled one, only
-- what is written continues.
local rolloutState = redis.call('HGET', prefix .. ':rollout:' .. (record.rolloutId or '') .. ':state', 'state')
if rolloutState == 'paused' and not (hasWritten and isUnended) then
  local reason = 'rollout ' .. record.rolloutId .. ' is paused: nothing new is written'
  endEarlier()
  if record.reason ~= reason then
    redis.call('HSET', key, 'state', 'pending', 'phase', 'held', 'reason', reason, 'changedAt', now)
    announce(namespace)
  end
  redis.call('DEL', leaseKey)
  return 'held'
end
if rolloutState == 'cancelled' and not hasWritten then
  local reason = 'rollout ' .. record.rolloutId .. ' was cancelled before it wrote anything here'
  endEarlier()
  endUnbegun(namespace, 'cancelled', reason, args.now)
  setTarget(record.rolloutId, namespace, 'cancelled', cjson.encode({
    state = 'cancelled', reason = reason, finishedAt = args.now, jobId = record.jobId}))
  announce(namespace)
  redis.call('DEL', leaseKey)
  return 'idle'
end
-- A namespace that is in flight already does not wait for room: a newer request can repair it. Neither does an operator's small
-- request: it does not wait behind a rollout that hangs.
local inFlight = prefix .. ':in-flight'
redis.call('ZREMRANGEBYSCORE', inFlight, '-inf', now)
local max = args.inFlight.max
if max and record.urgent ~= '1' and not redis.call('ZSCORE', inFlight, namespace) and redis.call('ZCARD', inFlight) >= max then
  local reason = 'waits: ' .. max .. ' namespaces are changed and not yet verified, as many as --max-in-flight allows'
  if record.reason ~= reason then
    redis.call('HSET', key, 'reason', reason)
    announce(namespace)
  end
  redis.call('ZADD', prefix .. ':waiting-room', 'NX', now, namespace)
  return 'full'
end
redis.call('ZREM', prefix .. ':waiting-room', namespace)
redis.call('ZADD', inFlight, integer(args.now + args.inFlight.ttlMs), namespace)
redis.call('SET', leaseKey, args.token, 'PX', args.leaseMs)
-- A parked run resumes; the attempt is the same one. A newer request ends it instead.
if isParked and isOwn then
  unpark(key)
  record.force = (tonumber(record.forceGeneration) or 0) > handled
  record.attempt, record.releaseJson = tonumber(record.attempt) or 1, releaseJson
  redis.call('HSET', key, 'jobId', jobId)
  return cjson.encode(record)
end
endEarlier()
record.parking = nil
record.force = (tonumber(record.forceGeneration) or 0) > handled
-- Keeps the failure of the previous attempt readable while this one runs.
local wasTried = (tonumber(record.attempt) or 0) + (tonumber(record.throttled) or 0) > 0
local lastFailure = wasTried and (record.phase == 'backoff' and record.reason or record.lastFailure) or ''
record.attempt = (tonumber(record.attempt) or 0) + 1
if record.startedGeneration ~= record.generation then
  record.startedAt = now
  record.appliedAt = ''
  redis.call('HSET', key, 'startedGeneration', record.generation, 'startedAt', now, 'appliedAt', '')
end
record.releaseJson = releaseJson
redis.call('EXPIRE', releaseKey, args.releaseTtlSeconds)
local version = cjson.decode(releaseJson).version
local open = cjson.encode({r = record.rolloutId, g = generation, n = record.attempt, j = jobId, t = record.trigger,
  b = record.requestedBy, v = version, s = args.now})
redis.call('HSET', key, 'state', 'running', 'phase', 'planning', 'reason', '', 'lastFailure', lastFailure,
  'attempt', record.attempt, 'runningRolloutId', record.rolloutId, 'jobId', jobId, 'changedAt', now,
  'open', open, 'steps', '')
record.open, record.steps = nil, nil
setTarget(record.rolloutId, namespace, 'running', cjson.encode({
  state = 'running', attempt = record.attempt, jobId = jobId, coalesced = record.coalesced == '1' or nil,
  startedAt = tonumber(record.startedAt), version = version}))
announce(namespace)
return cjson.encode(record)
