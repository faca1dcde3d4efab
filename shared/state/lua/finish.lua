-- Ends a run of one generation and releases the lease.
-- ARGV[1] JSON {namespace, token, rolloutId, generation, releaseKey, now, target: {state, reason?, code?, json},
--   audit?: JSON (of a failure, or of a recovery: written only if the run before has failed), ending?: {fold, attempt (JSON), startedAt, bootstrap? (JSON)}, history: {attempts, ttlSeconds}}
-- Returns 'lost' | 'done' | 'done <id of a job that waited for room>' | 'moved' (there was another request in the meantime: start again)
--- @include "announce"
--- @include "audit"
--- @include "end-attempt"
--- @include "integer"
--- @include "set-target"

-- How many durations of deploys are kept.
local DURATIONS = 200
-- How many earlier releases a rollback can return to.
local VERIFIED_RELEASES = 10

local prefix = KEYS[1]
local args = cjson.decode(ARGV[1])
local namespace, generation, target, now = args.namespace, args.generation, args.target, integer(args.now)
local leaseKey = prefix .. ':lease:' .. namespace
local held = redis.call('GET', leaseKey)
if held ~= args.token then return 'lost' end
local key = prefix .. ':namespace:' .. namespace
-- The releases that were verified here, newest first, each once.
local function rememberVerified()
  local keys = {args.releaseKey}
  for known in string.gmatch(redis.call('HGET', key, 'verified') or '', '%S+') do
    if known ~= args.releaseKey and #keys < VERIFIED_RELEASES then keys[#keys + 1] = known end
  end
  redis.call('HSET', key, 'verified', table.concat(keys, ' '))
end

-- How long deploys take in this fleet, for estimates; one that had nothing to do says nothing.
local function rememberDuration(known)
  if not tonumber(known[1]) or not tonumber(known[2]) then return end
  redis.call('LPUSH', prefix .. ':durations', integer(args.now - tonumber(known[1])))
  redis.call('LTRIM', prefix .. ':durations', 0, DURATIONS - 1)
end

if target.state == 'completed' then
  local known = redis.call('HMGET', key, 'startedAt', 'appliedAt', 'lastState')
  rememberVerified()
  rememberDuration(known)
  if known[3] == 'failed' and args.audit then audit(args.audit) end
elseif target.state == 'failed' and args.audit then
  audit(args.audit)
end
redis.call('HSET', key, 'handled', generation, 'runningRolloutId', '', 'appliedAt', '', 'open', '', 'steps', '')
-- A step of healing that was not begun leaves what is known of the deploy before it.
local isBegun = target.code ~= 'repair_outdated'
if isBegun then
  local failures = target.state == 'failed' and redis.call('HINCRBY', key, 'failures', 1) or 0
  redis.call('HSET', key, 'finishedAt', now, 'failures', failures, 'handledRelease', args.releaseKey, 'lastState', target.state,
    'lastCode', target.code or '')
end
if args.ending then endAttempt(namespace, args.ending, args.history) end
setTarget(args.rolloutId, namespace, target.state, target.json)
announce(namespace)
redis.call('DEL', leaseKey)
if tonumber(redis.call('HGET', key, 'generation')) > generation then
  redis.call('HSET', key, 'state', 'pending', 'phase', 'queued', 'reason', '', 'lastFailure', '', 'attempt', 0, 'lost', 0,
    'changedAt', now)
  return 'moved'
end
local lastState = redis.call('HGET', key, 'lastState')
local state = isBegun and target.state or (lastState and lastState ~= '' and lastState or target.state)
redis.call('HSET', key, 'state', state, 'phase', 'done', 'reason', target.reason or '', 'changedAt', now)
redis.call('SREM', prefix .. ':dirty', namespace)
-- A namespace with a newer request stays in flight: that request does not wait for room.
redis.call('ZREM', prefix .. ':in-flight', namespace)
local nextOne = redis.call('ZPOPMIN', prefix .. ':waiting-room')[1]
local jobId = nextOne and redis.call('HGET', prefix .. ':namespace:' .. nextOne, 'jobId')
return jobId and 'done ' .. jobId or 'done'
