-- Records a rollout: its targets, how it reaches them, and, for those that it admits immediately, the desired state.
-- ARGV[1] JSON {rollout: {id, createdAt, trigger, requestedBy, urgent}, rolloutJson,
--   targets: [{namespace, target, plan? {wave, order, because, release (key), configVersion?, force?, previous?}, admit?,
--     refused? {fold, attempt (JSON), startedAt}}], yields (leaves namespaces alone in which work is under way), releases: {<key>: JSON}, releaseTtlSeconds,
--   state: {state, reason, everyEnd, supersedes}, entry (JSON), audit: [JSON], idempotency?: {key, fingerprint, ttlSeconds}, healingRevision? (that the repairs were decided at), now, ttlSeconds,
--   history: {attempts, ttlSeconds}}
-- Returns 'rebuilding' | 'stale' (healing has changed since that revision) | JSON {replayed: rolloutId} | {mismatch: true}
--   | {targets: [{namespace, generation?, jobId?, coalesced, backoff}]}
--- @include "admit"
--- @include "announce"
--- @include "audit"
--- @include "integer"
--- @include "record-attempt"

-- The number of names in one announcement.
local ANNOUNCED_AT_ONCE = 500

local prefix = KEYS[1]
local request = cjson.decode(ARGV[1])
local rollout, idempotency, state = request.rollout, request.idempotency, request.state

-- The answer to an Idempotency-Key that was used before.
local function knownAnswer()
  local known = redis.call('GET', prefix .. ':idempotency:' .. idempotency.key)
  if not known then return nil end
  local entry = cjson.decode(known)
  if entry.fingerprint ~= idempotency.fingerprint then return cjson.encode({mismatch = true}) end
  return cjson.encode({replayed = entry.rolloutId})
end

local replay = idempotency and knownAnswer()
if replay then return replay end
if request.healingRevision and (redis.call('GET', prefix .. ':healing-revision') or '0') ~= integer(request.healingRevision) then
  return 'stale'
end

for key, release in pairs(request.releases) do
  redis.call('SET', prefix .. ':release:' .. key, release, 'EX', request.releaseTtlSeconds)
end
local rolloutKey = prefix .. ':rollout:' .. rollout.id
redis.call('SET', rolloutKey, request.rolloutJson, 'EX', request.ttlSeconds)
redis.call('ZREMRANGEBYSCORE', prefix .. ':rollouts', '-inf', integer(request.now - request.ttlSeconds * 1000))
redis.call('ZADD', prefix .. ':rollouts', integer(rollout.createdAt), rollout.id)
redis.call('HSET', rolloutKey .. ':state', 'state', state.state, 'reason', state.reason, 'revision', 1, 'seq', 0,
  'order', redis.call('HINCRBY', prefix .. ':counters', 'rollouts', 1), 'changedAt', integer(request.now), 'everyEnd', state.everyEnd and '1' or '')
redis.call('SADD', prefix .. ':open-rollouts', rollout.id)
redis.call('LPUSH', rolloutKey .. ':decisions', request.entry)
for _, entry in ipairs(request.audit) do audit(entry) end

-- What is under way in a namespace: an unfinished request, or a target that another rollout has not ended.
local function isBusy(namespace)
  local record = redis.call('HMGET', prefix .. ':namespace:' .. namespace, 'generation', 'handled')
  if (tonumber(record[1]) or 0) > (tonumber(record[2]) or 0) then return true end
  for _, id in ipairs(redis.call('SMEMBERS', prefix .. ':holding-rollouts')) do
    local other = prefix .. ':rollout:' .. id
    local target = redis.call('HGET', other .. ':targets', namespace)
    local open = target and cjson.decode(target).state
    if (open == 'pending' or open == 'running' or open == 'paused') and redis.call('HEXISTS', other .. ':plan', namespace) == 1 then
      return true
    end
  end
  return false
end

local answers, counts, changed, isHolding, isWorking = {}, {}, {}, false, false
for _, requested in ipairs(request.targets) do
  local target, plan = requested.target, requested.plan
  if request.yields and plan and isBusy(requested.namespace) then
    plan = nil
    target.state, target.finishedAt = 'cancelled', request.now
    target.reason = 'other work is under way in the namespace: healing does not interfere'
  end
  local answer = {namespace = requested.namespace, coalesced = false, backoff = false}
  if plan and requested.admit then
    isWorking = true
    admit(rollout, requested.namespace, plan, answer, request.now)
    target.jobId = answer.jobId
    target.coalesced = answer.coalesced
    changed[#changed + 1] = requested.namespace
    if #changed == ANNOUNCED_AT_ONCE then
      announce(table.concat(changed, ' '))
      changed = {}
    end
  elseif plan then
    isHolding = true
    if state.supersedes then supersedeHeld(requested.namespace, rollout.id, request.now) end
    redis.call('HSET', rolloutKey .. ':plan', requested.namespace, cjson.encode(plan))
  end
  if requested.refused then
    local refused = requested.refused
    recordAttempt(requested.namespace, refused.fold, refused.attempt, integer(refused.startedAt), request.history)
  end
  counts[target.state] = (counts[target.state] or 0) + 1
  redis.call('HSET', rolloutKey .. ':targets', requested.namespace, cjson.encode(target))
  answers[#answers + 1] = answer
end
for state, count in pairs(counts) do redis.call('HSET', rolloutKey .. ':counts', state, count) end
for _, part in ipairs({':targets', ':counts', ':plan', ':state', ':decisions'}) do
  redis.call('EXPIRE', rolloutKey .. part, request.ttlSeconds)
end
if isHolding then redis.call('SADD', prefix .. ':holding-rollouts', rollout.id) end
if isHolding or not isWorking then redis.call('ZADD', prefix .. ':due-rollouts', 0, rollout.id) end
if #changed > 0 then announce(table.concat(changed, ' ')) end
if idempotency then
  redis.call('SET', prefix .. ':idempotency:' .. idempotency.key,
    cjson.encode({rolloutId = rollout.id, fingerprint = idempotency.fingerprint}), 'EX', idempotency.ttlSeconds)
end
return cjson.encode({targets = answers})
