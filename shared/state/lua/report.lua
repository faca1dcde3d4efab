-- Records the progress of a run; refused ('lost') if another run holds the lease.
-- ARGV[1] JSON {namespace, token, rolloutId, generation, fields: [field, value, field, value, ...],
--   target?: {state, code?, json}, ending?: {fold, attempt (JSON), startedAt, bootstrap? (JSON)},
--   history: {attempts, ttlSeconds}}
-- Returns 'lost' | 'ok' | 'moved' (there was another request in the meantime; its attempts are not counted here)
--- @include "announce"
--- @include "end-attempt"
--- @include "set-target"

local prefix = KEYS[1]
local args = cjson.decode(ARGV[1])
local namespace, fields, target = args.namespace, args.fields, args.target
local held = redis.call('GET', prefix .. ':lease:' .. namespace)
if held ~= args.token then return 'lost' end
local key = prefix .. ':namespace:' .. namespace
local moved = tonumber(redis.call('HGET', key, 'generation')) ~= args.generation
local isShown = false
for i = 1, #fields, 2 do
  local isCount = fields[i] == 'attempt' or fields[i] == 'throttled'
  if not (moved and isCount) then redis.call('HSET', key, fields[i], fields[i + 1]) end
  isShown = isShown or fields[i] == 'phase'
end
if target then
  setTarget(args.rolloutId, namespace, target.state, target.json)
  redis.call('HSET', key, 'lastCode', target.code or '')
end
if isShown then announce(namespace) end
if args.ending then
  endAttempt(namespace, args.ending, args.history)
  redis.call('HSET', key, 'open', '', 'steps', '')
end
return moved and 'moved' or 'ok'
