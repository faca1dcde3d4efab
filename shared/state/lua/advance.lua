-- Carries out a decision about a rollout, or an operator's command, whole or not at all.
-- ARGV[1] JSON {id, revision (the rollout as it was read), failed? (the number of failed targets as it was read), seq?,
--   admit: [namespace], ends: [{namespace, state, code?, cause?, reason}], excuse: [namespace], reopen: [namespace],
--   plans: {<namespace>: {wave, order, because, release, configVersion?, force?}} (new or changed), releases: {<key>: JSON}, releaseTtlSeconds,
--   ignore: {<key>: JSON} (releases that are not rolled out automatically any more),
--   change?: {state, reason, failures (JSON)}, approvedWave?, because?, wakeAt?,
--   deadlinesFrom? (before, targets could make no progress),
--   restMs? (until then, ends of targets that have not failed need no decision), entry? (JSON), audit: [JSON],
--   now, ttlSeconds}
-- Returns 'rebuilding' | 'gone' | 'stale' (read again) | JSON {targets: [{namespace, generation, jobId, coalesced, backoff}], left: [namespace]}
--   left: what has begun, and so could not be ended; what has a newer request, and so could not be reopened
--   if nothing of `reopen` could be reopened, nothing is changed
--- @include "admit"
--- @include "announce"
--- @include "audit"
--- @include "end-unbegun"
--- @include "integer"

local MAX_DECISIONS = 500

local prefix = KEYS[1]
local args = cjson.decode(ARGV[1])
local key = prefix .. ':rollout:' .. args.id
local rolloutJson = redis.call('GET', key)
if not rolloutJson then return 'gone' end
local known = redis.call('HMGET', key .. ':state', 'revision', 'seq', 'state')
if known[1] ~= integer(args.revision) then return 'stale' end
if args.failed and (tonumber(redis.call('HGET', key .. ':counts', 'failed')) or 0) > args.failed then return 'stale' end
local rollout = cjson.decode(rolloutJson)
local changed, answers, left = {}, {}, {}

local function targetOf(namespace)
  return cjson.decode(redis.call('HGET', key .. ':targets', namespace) or '{}')
end

local function planOf(namespace)
  local plan = redis.call('HGET', key .. ':plan', namespace)
  return plan and cjson.decode(plan)
end

-- Writes a target whatever its end was.
local function overwrite(namespace, target)
  local before = targetOf(namespace).state
  if before then redis.call('HINCRBY', key .. ':counts', before, -1) end
  redis.call('HINCRBY', key .. ':counts', target.state, 1)
  redis.call('HSET', key .. ':targets', namespace, cjson.encode(target))
end

local function isOpen(state)
  return state == 'pending' or state == 'running' or state == 'paused'
end

-- The other rollouts that hold targets back, and are newer.
local newerHolding = nil
local function newerRollouts()
  if newerHolding then return newerHolding end
  newerHolding = {}
  for _, id in ipairs(redis.call('SMEMBERS', prefix .. ':holding-rollouts')) do
    local other = id ~= args.id and redis.call('GET', prefix .. ':rollout:' .. id)
    if other and cjson.decode(other).createdAt >= rollout.createdAt then newerHolding[#newerHolding + 1] = id end
  end
  return newerHolding
end

-- True if another rollout has requested this namespace since: a retry would undo that.
local function hasNewerRequest(namespace)
  local latest = redis.call('HMGET', prefix .. ':namespace:' .. namespace, 'rolloutId', 'requestedAt')
  if latest[1] and latest[1] ~= args.id and (tonumber(latest[2]) or 0) >= rollout.createdAt then return true end
  for _, id in ipairs(newerRollouts()) do
    local other = prefix .. ':rollout:' .. id
    local target = redis.call('HGET', other .. ':targets', namespace)
    if target and isOpen(cjson.decode(target).state) and redis.call('HEXISTS', other .. ':plan', namespace) == 1 then return true end
  end
  return false
end

local reopened = {}
for _, namespace in ipairs(args.reopen) do
  local target, plan = targetOf(namespace), planOf(namespace)
  if plan and target.state and not isOpen(target.state) then
    local list = hasNewerRequest(namespace) and left or reopened
    list[#list + 1] = namespace
  end
end
if #args.reopen > 0 and #reopened == 0 then
  return '{"targets":[],"left":' .. (#left > 0 and cjson.encode(left) or '[]') .. '}'
end

for releaseKey, release in pairs(args.releases) do
  redis.call('SET', prefix .. ':release:' .. releaseKey, release, 'EX', args.releaseTtlSeconds)
end

for namespace, plan in pairs(args.plans) do
  local before = planOf(namespace)
  if not before or not before.admittedAt then
    redis.call('HSET', key .. ':plan', namespace, cjson.encode(plan))
    if not before then overwrite(namespace, {state = 'pending', version = plan.version, reason = plan.because}) end
  end
end

for _, ending in ipairs(args.ends) do
  local target, plan = targetOf(ending.namespace), planOf(ending.namespace)
  local isHeldBack = not plan or not plan.admittedAt
  local isOver = ending.isFinal or isHeldBack
  if target.state and not isOver and isUnbegun(ending.namespace, args.id) then
    endUnbegun(ending.namespace, ending.state, ending.reason, args.now)
    changed[#changed + 1] = ending.namespace
    isOver = true
  end
  if target.state and not isOver then
    left[#left + 1] = ending.namespace
  elseif target.state and (isOpen(target.state) or ending.isFinal) and not target.isFinal then
    target.state, target.reason, target.code, target.cause = ending.state, ending.reason, ending.code, ending.cause
    target.isFinal = ending.isFinal
    target.finishedAt, target.retryAt = args.now, nil
    overwrite(ending.namespace, target)
  end
end

for _, namespace in ipairs(args.excuse) do
  local plan = planOf(namespace)
  if plan then
    plan.isExcused = true
    redis.call('HSET', key .. ':plan', namespace, cjson.encode(plan))
  end
end

for _, namespace in ipairs(reopened) do
  local target, plan = targetOf(namespace), planOf(namespace)
  local record = redis.call('HMGET', prefix .. ':namespace:' .. namespace, 'generation', 'handled', 'rolloutId', 'state')
  -- The rollout has ended the target before its run: that run still is the target's.
  local isInProgress = record[3] == args.id and (tonumber(record[1]) or 0) > (tonumber(record[2]) or 0)
  plan.isExcused = nil
  plan.wasAdmitted = plan.wasAdmitted or (plan.admittedAt and true)
  plan.admittedAt = isInProgress and args.now or nil
  redis.call('HSET', key .. ':plan', namespace, cjson.encode(plan))
  local isRunning = isInProgress and record[4] == 'running'
  overwrite(namespace, {state = isRunning and 'running' or 'pending', version = target.version, reason = 'retried',
    jobId = isInProgress and target.jobId or nil, startedAt = isRunning and target.startedAt or nil})
end

local requester = {id = args.id, trigger = rollout.trigger, requestedBy = rollout.requestedBy, urgent = rollout.isUrgent}
for _, namespace in ipairs(args.admit) do
  local target, plan = targetOf(namespace), planOf(namespace)
  if plan and not plan.admittedAt and target.state == 'pending' then
    local answer = {namespace = namespace, coalesced = false, backoff = false}
    admit(requester, namespace, plan, answer, args.now)
    target.jobId, target.coalesced, target.reason = answer.jobId, answer.coalesced, nil
    redis.call('HSET', key .. ':targets', namespace, cjson.encode(target))
    changed[#changed + 1] = namespace
    answers[#answers + 1] = answer
  end
end

for releaseKey, ignored in pairs(args.ignore) do
  redis.call('HSET', prefix .. ':ignored-releases', releaseKey, ignored)
  redis.call('INCR', prefix .. ':save-revision')
end

local change = args.change
if change then
  redis.call('HSET', key .. ':state', 'state', change.state, 'reason', change.reason, 'failures', change.failures,
    'changedAt', integer(args.now))
  if isOpen(change.state) then
    redis.call('HDEL', key .. ':state', 'endedAt')
  else
    redis.call('HSET', key .. ':state', 'endedAt', integer(args.now))
  end
end
if args.approvedWave then redis.call('HSET', key .. ':state', 'approvedWave', args.approvedWave) end
if args.because then redis.call('HSET', key .. ':state', 'because', args.because) end
if args.deadlinesFrom then redis.call('HSET', key .. ':state', 'deadlinesFrom', integer(args.deadlinesFrom)) end
if change or args.approvedWave or args.bump then redis.call('HINCRBY', key .. ':state', 'revision', 1) end
if args.entry then
  redis.call('LPUSH', key .. ':decisions', args.entry)
  redis.call('LTRIM', key .. ':decisions', 0, MAX_DECISIONS - 1)
end

for _, entry in ipairs(args.audit) do audit(entry) end

local state = change and change.state or known[3]
if isOpen(state) then
  redis.call('SADD', prefix .. ':open-rollouts', args.id)
  redis.call('SADD', prefix .. ':holding-rollouts', args.id)
else
  redis.call('SREM', prefix .. ':open-rollouts', args.id)
  redis.call('SREM', prefix .. ':holding-rollouts', args.id)
end
-- What has ended since the rollout was read needs another decision.
local isStale = args.seq and known[2] ~= integer(args.seq)
local restUntil = args.restMs and args.now + args.restMs or 0
redis.call('HSET', key .. ':state', 'restUntil', integer(restUntil))
local dueAt = args.wakeAt
if isStale then dueAt = restUntil end
if args.bump then dueAt = 0 end
if dueAt and isOpen(state) then
  redis.call('ZADD', prefix .. ':due-rollouts', integer(dueAt), args.id)
  redis.call('HSET', key .. ':state', 'wakeAt', integer(math.max(dueAt, args.now)))
else
  redis.call('ZREM', prefix .. ':due-rollouts', args.id)
  redis.call('HDEL', key .. ':state', 'wakeAt')
end
for _, part in ipairs({'', ':targets', ':counts', ':plan', ':state', ':decisions'}) do
  redis.call('EXPIRE', key .. part, args.ttlSeconds)
end
redis.call('PUBLISH', prefix .. ':rollout-changes', args.id)
for first = 1, #changed, 500 do announce(table.concat(changed, ' ', first, math.min(first + 499, #changed))) end
return '{"targets":' .. (#answers > 0 and cjson.encode(answers) or '[]') .. ',"left":' .. (#left > 0 and cjson.encode(left) or '[]') .. '}'
