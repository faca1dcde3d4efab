-- Records a request: the only way to change the desired state.
-- ARGV[1] JSON {rollout: {id, createdAt, trigger, requestedBy, urgent}, rolloutJson,
--   targets: [{namespace, target, release? (key), configVersion?, force?, refused? {fold, attempt (JSON), startedAt}}], releases: {<key>: JSON}, releaseTtlSeconds,
--   idempotency?: {key, fingerprint, ttlSeconds}, now, ttlSeconds, history: {attempts, ttlSeconds}}
-- Returns JSON {replayed: rolloutId} | {mismatch: true}
--   | {targets: [{namespace, generation?, jobId?, coalesced, backoff}]}
--- @include "announce"
--- @include "integer"
--- @include "record-attempt"
--- @include "set-target"

-- The number of names in one announcement.
local ANNOUNCED_AT_ONCE = 500

local prefix = KEYS[1]
local request = cjson.decode(ARGV[1])
local rollout, idempotency, now = request.rollout, request.idempotency, integer(request.now)

-- The answer to an Idempotency-Key that was used before.
local function knownAnswer()
  local known = redis.call('GET', prefix .. ':idempotency:' .. idempotency.key)
  if not known then return nil end
  local entry = cjson.decode(known)
  if entry.fingerprint ~= idempotency.fingerprint then return cjson.encode({mismatch = true}) end
  return cjson.encode({replayed = entry.rolloutId})
end

-- Raises a namespace's generation, and sets the id of its job.
local function raiseGeneration(requested, answer)
  local key = prefix .. ':namespace:' .. requested.namespace
  local known = redis.call('HMGET', key, 'generation', 'handled', 'state', 'rolloutId', 'jobId', 'runningRolloutId', 'phase',
    'parking')
  local generation = (tonumber(known[1]) or 0) + 1
  local isUnfinished = generation - 1 > (tonumber(known[2]) or 0)
  local isRunning = known[3] == 'running'
  local jobId = requested.namespace .. '.' .. generation
  if isUnfinished then
    answer.coalesced = true
    local isParked = (known[8] or '') ~= ''
    if isParked then redis.call('HSET', prefix .. ':parked', requested.namespace, '') end
    answer.backoff = known[7] == 'backoff' or isParked
    jobId = known[5] or jobId
    -- A run ends the target of its own rollout; a target that was only waiting must be ended here.
    if not isRunning or known[4] ~= known[6] then
      setTarget(known[4], requested.namespace, 'superseded', cjson.encode({
        state = 'superseded', reason = 'superseded by rollout ' .. rollout.id .. ' before it began',
        finishedAt = request.now, jobId = jobId}))
    end
  end
  redis.call('HSET', key, 'generation', generation, 'rolloutId', rollout.id, 'release', requested.release,
    'configVersion', requested.configVersion or '', 'jobId', jobId, 'trigger', rollout.trigger, 'requestedBy', rollout.requestedBy, 'requestedAt', now, 'urgent', rollout.urgent and '1' or '',
    'attempt', 0, 'throttled', 0, 'lost', 0, 'lastFailure', '', 'coalesced', answer.coalesced and '1' or '')
  if not (isRunning and isUnfinished) then
    redis.call('HSET', key, 'state', 'pending', 'phase', 'queued', 'reason', '', 'changedAt', now)
  end
  if requested.force then redis.call('HSET', key, 'forceGeneration', generation) end
  redis.call('SADD', prefix .. ':dirty', requested.namespace)
  answer.generation = generation
  answer.jobId = jobId
  requested.target.jobId = jobId
  requested.target.coalesced = answer.coalesced
end

local replay = idempotency and knownAnswer()
if replay then return replay end

for key, release in pairs(request.releases) do
  redis.call('SET', prefix .. ':release:' .. key, release, 'EX', request.releaseTtlSeconds)
end
local rolloutKey = prefix .. ':rollout:' .. rollout.id
redis.call('SET', rolloutKey, request.rolloutJson, 'EX', request.ttlSeconds)
redis.call('ZREMRANGEBYSCORE', prefix .. ':rollouts', '-inf', integer(request.now - request.ttlSeconds * 1000))
redis.call('ZADD', prefix .. ':rollouts', integer(rollout.createdAt), rollout.id)

local answers, counts, changed = {}, {}, {}
for _, requested in ipairs(request.targets) do
  local target = requested.target
  local answer = {namespace = requested.namespace, coalesced = false, backoff = false}
  if requested.release then
    raiseGeneration(requested, answer)
    changed[#changed + 1] = requested.namespace
    if #changed == ANNOUNCED_AT_ONCE then
      announce(table.concat(changed, ' '))
      changed = {}
    end
  end
  if requested.refused then
    local refused = requested.refused
    recordAttempt(requested.namespace, refused.fold, refused.attempt, integer(refused.startedAt), request.history)
  end
  counts[target.state] = (counts[target.state] or 0) + 1
  redis.call('HSET', rolloutKey .. ':targets', requested.namespace, cjson.encode(target))
  answers[#answers + 1] = answer
end
redis.call('EXPIRE', rolloutKey .. ':targets', request.ttlSeconds)
for state, count in pairs(counts) do redis.call('HSET', rolloutKey .. ':counts', state, count) end
redis.call('EXPIRE', rolloutKey .. ':counts', request.ttlSeconds)
if #changed > 0 then announce(table.concat(changed, ' ')) end
if idempotency then
  redis.call('SET', prefix .. ':idempotency:' .. idempotency.key,
    cjson.encode({rolloutId = rollout.id, fingerprint = idempotency.fingerprint}), 'EX', idempotency.ttlSeconds)
end
return cjson.encode({targets = answers})
