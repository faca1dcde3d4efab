--- @include "integer"
--- @include "is-newer"
--- @include "set-target"

-- The rollouts that hold targets back.
local holding = nil

-- Ends what earlier rollouts hold back in a namespace: the newer request replaces it. A later one that waits for an operator
-- stays.
local function supersedeHeld(namespace, byId, now)
  holding = holding or redis.call('SMEMBERS', KEYS[1] .. ':holding-rollouts')
  for _, id in ipairs(holding) do
    local key = KEYS[1] .. ':rollout:' .. id
    local plan = id ~= byId and redis.call('HGET', key .. ':plan', namespace)
    if plan and not cjson.decode(plan).admittedAt and not isNewer(id, byId) then
      local target = cjson.decode(redis.call('HGET', key .. ':targets', namespace) or '{}')
      if target.state == 'pending' or target.state == 'paused' then
        setTarget(id, namespace, 'superseded', cjson.encode({
          state = 'superseded', reason = 'superseded by rollout ' .. byId .. ' before it was admitted',
          version = target.version, finishedAt = now}))
      end
    end
  end
end

-- The newest release that was verified in the namespace and is another one.
local function previousRelease(verified, release)
  for key in string.gmatch(verified or '', '%S+') do
    if key ~= release then return key end
  end
  return nil
end

-- True if it was the last one that was verified in the namespace.
local function isLatest(verified, release)
  return string.match(verified or '', '%S+') == release
end

-- What a rollback of the rollout returns to. After a retry, what was verified last can be the rollout's own work: what was
-- there before it stays known.
local function notePrevious(plan, verified)
  if plan.wasAdmitted and not plan.isUnchanged then return end
  plan.isUnchanged = isLatest(verified, plan.release) or nil
  if plan.isUnchanged then
    plan.previous = nil
  else
    plan.previous = previousRelease(verified, plan.release) or plan.previous
  end
end

-- Admits a target: raises the generation of its namespace, and sets the id of its job.
-- `rollout`: {id, trigger, requestedBy, urgent}; `plan` is stored with the time; sets generation, jobId, coalesced and
-- backoff of `answer`.
local function admit(rollout, namespace, plan, answer, now)
  supersedeHeld(namespace, rollout.id, now)
  local key = KEYS[1] .. ':namespace:' .. namespace
  local known = redis.call('HMGET', key, 'generation', 'handled', 'state', 'rolloutId', 'jobId', 'runningRolloutId', 'phase',
    'parking', 'verified')
  local generation = (tonumber(known[1]) or 0) + 1
  local isUnfinished = generation - 1 > (tonumber(known[2]) or 0)
  local isRunning = known[3] == 'running'
  local jobId = namespace .. '.' .. generation
  if isUnfinished then
    answer.coalesced = true
    local isParked = (known[8] or '') ~= ''
    if isParked then redis.call('HSET', KEYS[1] .. ':parked', namespace, '') end
    answer.backoff = known[7] == 'backoff' or known[7] == 'held' or isParked
    jobId = known[5] or jobId
    -- A run ends the target of its own rollout; a target that was only waiting must be ended here.
    if known[4] ~= rollout.id and (not isRunning or known[4] ~= known[6]) then
      setTarget(known[4], namespace, 'superseded', cjson.encode({
        state = 'superseded', reason = 'superseded by rollout ' .. rollout.id .. ' before it began',
        finishedAt = now, jobId = jobId}))
    end
  end
  redis.call('HSET', key, 'generation', generation, 'rolloutId', rollout.id, 'release', plan.release,
    'configVersion', plan.configVersion or '', 'jobId', jobId, 'trigger', rollout.trigger, 'requestedBy', rollout.requestedBy,
    'requestedAt', integer(now), 'urgent', rollout.urgent and '1' or '',
    'attempt', 0, 'throttled', 0, 'lost', 0, 'lastFailure', '', 'coalesced', answer.coalesced and '1' or '')
  if not (isRunning and isUnfinished) then
    redis.call('HSET', key, 'state', 'pending', 'phase', 'queued', 'reason', '', 'changedAt', integer(now))
  end
  if plan.force then redis.call('HSET', key, 'forceGeneration', generation) end
  -- Of this request only: no later one inherits it.
  redis.call('HSET', key, 'repair', plan.repair and cjson.encode(plan.repair) or '')
  redis.call('SADD', KEYS[1] .. ':dirty', namespace)
  plan.admittedAt = now
  notePrevious(plan, known[9])
  redis.call('HSET', KEYS[1] .. ':rollout:' .. rollout.id .. ':plan', namespace, cjson.encode(plan))
  answer.generation = generation
  answer.jobId = jobId
end
