import type { RedisConnection } from '../redis.ts';
import { RECORD_ATTEMPT } from './history.ts';

/**
 * The changes of desired state that must be atomic, in Redis' own language. Every key is derived from the prefix in
 * KEYS[1], whose hash tag puts all of them into one slot.
 *
 * Hash `<prefix>:namespace:<ns>`: generation, handled, forceGeneration, rolloutId, runningRolloutId, release, state, …
 */

/**
 * Announces namespaces whose record has changed, to whoever keeps a view of them (change-feed.ts). Without a listener that
 * costs next to nothing.
 */
const ANNOUNCE = `
local function announce(names) redis.call('PUBLISH', KEYS[1] .. ':changes', names) end
`;

/**
 * Sets what has become of a target, and keeps the rollout's counts: hash \`<rollout>:counts\`, one field per state. A rollout
 * from before there were counts has none until COUNT makes them.
 */
const SET_TARGET = `
local function setTarget(rolloutId, namespace, state, json)
  local key = KEYS[1] .. ':rollout:' .. rolloutId
  local before = redis.call('HGET', key .. ':targets', namespace)
  local was = before and cjson.decode(before).state
  redis.call('HSET', key .. ':targets', namespace, json)
  if was == state or redis.call('EXISTS', key .. ':counts') == 0 then return end
  if was then redis.call('HINCRBY', key .. ':counts', was, -1) end
  redis.call('HINCRBY', key .. ':counts', state, 1)
end
`;

/** Names are announced in messages of this many. */
const ANNOUNCED_AT_ONCE = 500;

/**
 * Records what was asked for: the only way in which desired state changes.
 * ARGV[1] JSON {rollout, targets: [{namespace, release?, force?, jobId?, target}], releases, idempotency?, now, ttlSeconds}
 * Returns JSON {replayed: rolloutId} | {mismatch: true} | {targets: [{namespace, generation, jobId, coalesced, backoff}]}
 */
const REQUEST = `
${ANNOUNCE}${SET_TARGET}
local prefix = KEYS[1]
local request = cjson.decode(ARGV[1])
local idempotency = request.idempotency
if idempotency then
  local known = redis.call('GET', prefix .. ':idempotency:' .. idempotency.key)
  if known then
    local entry = cjson.decode(known)
    if entry.fingerprint ~= idempotency.fingerprint then return cjson.encode({mismatch = true}) end
    return cjson.encode({replayed = entry.rolloutId})
  end
end
local rollout = request.rollout
local rolloutKey = prefix .. ':rollout:' .. rollout.id
for key, release in pairs(request.releases) do
  redis.call('SET', prefix .. ':release:' .. key, release)
end
redis.call('SET', rolloutKey, request.rolloutJson, 'EX', request.ttlSeconds)
redis.call('ZREMRANGEBYSCORE', prefix .. ':rollouts', '-inf', request.now - request.ttlSeconds * 1000)
redis.call('ZADD', prefix .. ':rollouts', rollout.createdAt, rollout.id)
local answers = {}
local counts = {}
local changed = {}
for _, asked in ipairs(request.targets) do
  local answer = {namespace = asked.namespace, coalesced = false, backoff = false}
  local target = asked.target
  if asked.release then
    local key = prefix .. ':namespace:' .. asked.namespace
    local known = redis.call('HMGET', key, 'generation', 'handled', 'state', 'rolloutId', 'jobId', 'runningRolloutId', 'phase')
    local generation = (tonumber(known[1]) or 0) + 1
    local handled = tonumber(known[2]) or 0
    local jobId = asked.namespace .. '.' .. generation
    if generation - 1 > handled then
      answer.coalesced = true
      answer.backoff = known[7] == 'backoff'
      jobId = known[5] or jobId
      -- The rollout that runs ends by itself; one that only waits behind it does not.
      if known[3] ~= 'running' or known[4] ~= known[6] then
        setTarget(known[4], asked.namespace, 'superseded', cjson.encode({
          state = 'superseded', reason = 'superseded by rollout ' .. rollout.id .. ' before it began',
          finishedAt = request.now, jobId = jobId}))
      end
    end
    redis.call('HSET', key, 'generation', generation, 'rolloutId', rollout.id, 'release', asked.release,
      'jobId', jobId, 'trigger', rollout.trigger, 'requestedBy', rollout.requestedBy, 'requestedAt', request.now,
      'attempt', 0, 'throttled', 0, 'lastFailure', '', 'coalesced', answer.coalesced and '1' or '')
    if known[3] ~= 'running' or generation - 1 <= handled then
      redis.call('HSET', key, 'state', 'pending', 'phase', 'queued', 'reason', '', 'changedAt', request.now)
    end
    if asked.force then redis.call('HSET', key, 'forceGeneration', generation) end
    redis.call('SADD', prefix .. ':dirty', asked.namespace)
    answer.generation = generation
    answer.jobId = jobId
    target.jobId = jobId
    target.coalesced = answer.coalesced
    changed[#changed + 1] = asked.namespace
    if #changed == ${ANNOUNCED_AT_ONCE} then
      announce(table.concat(changed, ' '))
      changed = {}
    end
  end
  counts[target.state] = (counts[target.state] or 0) + 1
  redis.call('HSET', rolloutKey .. ':targets', asked.namespace, cjson.encode(target))
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
`;

/**
 * Takes the namespace's lease for a run, and reads what is to be done. A lease that another token holds must run out, also
 * where its holder is dead: only so can a process that was merely stopped know how long it may write.
 * ARGV namespace, job id, token, lease in ms, now
 * Returns 'busy' | 'idle' (nothing asked that is not done) | JSON of the record
 */
const BEGIN = `${RECORD_ATTEMPT}${ANNOUNCE}${SET_TARGET}
local prefix, namespace, jobId, token, leaseMs, now = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local leaseKey = prefix .. ':lease:' .. namespace
local held = redis.call('GET', leaseKey)
if held and held ~= token then return 'busy' end
local key = prefix .. ':namespace:' .. namespace
local fields = redis.call('HGETALL', key)
local record = {}
for i = 1, #fields, 2 do record[fields[i]] = fields[i + 1] end
local generation, handled = tonumber(record.generation) or 0, tonumber(record.handled) or 0
if generation <= handled then
  redis.call('DEL', leaseKey)
  return 'idle'
end
redis.call('SET', leaseKey, token, 'PX', leaseMs)
local running = record.runningRolloutId
if running and running ~= '' and running ~= record.rolloutId then
  setTarget(running, namespace, 'superseded', cjson.encode({
    state = 'superseded', reason = 'superseded by rollout ' .. record.rolloutId .. ' while it ran',
    finishedAt = tonumber(now), jobId = record.jobId}))
end
-- An attempt that has begun and not ended has lost its worker: whoever begins the next one tells.
if record.open and record.open ~= '' then
  local steps = record.steps and record.steps ~= '' and record.steps or '[]'
  recordAttempt(prefix, namespace, '', string.sub(record.open, 1, -2) .. ',"e":"lost","x":' .. now ..
    ',"m":' .. cjson.encode('its worker went away; last heard of: ' .. (record.phase or '')) ..
    ',"p":' .. steps .. '}', string.match(record.open, '"s":(%d+)') or now)
end
record.force = (tonumber(record.forceGeneration) or 0) > handled
-- Why the attempt before this one failed stays to be read while this one runs.
local wasTried = (tonumber(record.attempt) or 0) + (tonumber(record.throttled) or 0) > 0
local lastFailure = wasTried and (record.phase == 'backoff' and record.reason or record.lastFailure) or ''
record.attempt = (tonumber(record.attempt) or 0) + 1
if record.startedGeneration ~= record.generation then
  record.startedAt = now
  record.appliedAt = ''
  redis.call('HSET', key, 'startedGeneration', record.generation, 'startedAt', now, 'appliedAt', '')
end
record.releaseJson = redis.call('GET', prefix .. ':release:' .. record.release)
local version = record.releaseJson and cjson.decode(record.releaseJson).version or nil
local open = cjson.encode({r = record.rolloutId, g = generation, n = record.attempt, j = jobId, t = record.trigger,
  b = record.requestedBy, v = version, s = tonumber(now)})
redis.call('HSET', key, 'state', 'running', 'phase', 'planning', 'reason', '', 'lastFailure', lastFailure, 'attempt', record.attempt,
  'runningRolloutId', record.rolloutId, 'jobId', jobId, 'changedAt', now, 'open', open, 'steps', '')
record.open, record.steps = nil, nil
setTarget(record.rolloutId, namespace, 'running', cjson.encode({
  state = 'running', attempt = record.attempt, jobId = jobId, coalesced = record.coalesced == '1' or nil, startedAt = tonumber(record.startedAt),
  version = version}))
announce(namespace)
return cjson.encode(record)
`;

/**
 * Notes how far a run is; refused ('lost') when the lease is another run's by now.
 * ARGV namespace, token, rollout id, target JSON, generation, how the attempt ended (fold key, JSON, bootstrap JSON, when it
 * began; empty while it goes on), then field, value, field, value of the namespace's record
 * Returns 'lost' | 'ok' | 'moved' (more has been asked meanwhile; its attempts are not counted here)
 */
const REPORT = `${RECORD_ATTEMPT}${ANNOUNCE}${SET_TARGET}
local prefix, namespace, token = KEYS[1], ARGV[1], ARGV[2]
local held = redis.call('GET', prefix .. ':lease:' .. namespace)
if held ~= token then return 'lost' end
local key = prefix .. ':namespace:' .. namespace
local moved = redis.call('HGET', key, 'generation') ~= ARGV[5]
local shown = false
for i = 10, #ARGV, 2 do
  local counts = ARGV[i] == 'attempt' or ARGV[i] == 'throttled'
  if not (moved and counts) then redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
  shown = shown or ARGV[i] == 'phase'
end
if ARGV[4] ~= '' then
  local target = cjson.decode(ARGV[4])
  setTarget(ARGV[3], namespace, target.state, ARGV[4])
  redis.call('HSET', key, 'lastCode', target.code or '')
end
if shown then announce(namespace) end
if ARGV[7] ~= '' then
  recordAttempt(prefix, namespace, ARGV[6], ARGV[7], ARGV[9])
  keepBootstrap(prefix, namespace, ARGV[8])
  redis.call('HSET', key, 'open', '', 'steps', '')
end
return moved and 'moved' or 'ok'
`;

/**
 * Ends a run of one generation and gives the lease back.
 * ARGV namespace, token, generation, rollout id, target JSON, now, state, reason, release key, how the attempt ended (fold key,
 * JSON, bootstrap JSON, when it began), error code or ''
 * Returns 'lost' | 'done' | 'moved' (more has been asked meanwhile: begin again)
 */
const FINISH = `${RECORD_ATTEMPT}${ANNOUNCE}${SET_TARGET}
local prefix, namespace, token, generation = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local leaseKey = prefix .. ':lease:' .. namespace
local held = redis.call('GET', leaseKey)
if held ~= token then return 'lost' end
local key = prefix .. ':namespace:' .. namespace
local state = ARGV[7]
local failures = state == 'failed' and redis.call('HINCRBY', key, 'failures', 1) or 0
redis.call('HSET', key, 'handled', generation, 'runningRolloutId', '', 'failures', failures, 'finishedAt', ARGV[6],
  'handledRelease', ARGV[9], 'lastState', state, 'lastReason', ARGV[8], 'lastCode', ARGV[14], 'appliedAt', '', 'open', '',
  'steps', '')
if ARGV[11] ~= '' then recordAttempt(prefix, namespace, ARGV[10], ARGV[11], ARGV[13]) end
keepBootstrap(prefix, namespace, ARGV[12])
setTarget(ARGV[4], namespace, state, ARGV[5])
announce(namespace)
redis.call('DEL', leaseKey)
if tonumber(redis.call('HGET', key, 'generation')) > generation then
  redis.call('HSET', key, 'state', 'pending', 'phase', 'queued', 'reason', '', 'lastFailure', '', 'attempt', 0, 'changedAt', ARGV[6])
  return 'moved'
end
redis.call('HSET', key, 'state', state, 'phase', 'done', 'reason', ARGV[8], 'changedAt', ARGV[6])
redis.call('SREM', prefix .. ':dirty', namespace)
return 'done'
`;

/** Gives a lease back without an end: the run will be tried again. ARGV namespace, token */
const RELEASE_LEASE = `
local leaseKey = KEYS[1] .. ':lease:' .. ARGV[1]
local held = redis.call('GET', leaseKey)
if held == ARGV[2] then redis.call('DEL', leaseKey) end
return 'ok'
`;

/** Prolongs leases. ARGV lease in ms, then namespace, token, namespace, token. Returns the tokens that are lost. */
const RENEW = `
local lost = {}
for i = 2, #ARGV, 2 do
  local leaseKey = KEYS[1] .. ':lease:' .. ARGV[i]
  local held = redis.call('GET', leaseKey)
  if held == ARGV[i + 1] then redis.call('PEXPIRE', leaseKey, ARGV[1])
  else lost[#lost + 1] = ARGV[i + 1] end
end
return lost
`;

/**
 * The counts of rollouts from before they were kept: made of the targets once, and kept from then on.
 * ARGV rollout ids. Returns 'ok'
 */
const COUNT = `
for _, id in ipairs(ARGV) do
  local key = KEYS[1] .. ':rollout:' .. id
  local ttl = redis.call('PTTL', key)
  if ttl > 0 and redis.call('EXISTS', key .. ':counts') == 0 then
    for _, json in ipairs(redis.call('HVALS', key .. ':targets')) do
      redis.call('HINCRBY', key .. ':counts', cjson.decode(json).state, 1)
    end
    redis.call('PEXPIRE', key .. ':counts', ttl)
  end
end
return 'ok'
`;

const SCRIPTS = {
  skipperRequest: REQUEST,
  skipperBegin: BEGIN,
  skipperReport: REPORT,
  skipperFinish: FINISH,
  skipperReleaseLease: RELEASE_LEASE,
  skipperRenew: RENEW,
  skipperCount: COUNT,
} as const;

export type ScriptName = keyof typeof SCRIPTS;
export type RunScript = (name: ScriptName, prefix: string, ...args: (string | number)[]) => Promise<unknown>;

/** Registers the scripts with a connection; ioredis sends each body once and its digest from then on. */
export function loadScripts(redis: RedisConnection): RunScript {
  for (const [name, lua] of Object.entries(SCRIPTS)) redis.defineCommand(name, { numberOfKeys: 1, lua });
  const commands = redis as unknown as Record<ScriptName, (...args: (string | number)[]) => Promise<unknown>>;
  return (name, ...args) => commands[name](...args);
}
