-- Notes the beginning and the end of an outage in the audit log, once for all processes that see it. Its key is 'open' while it
-- lasts, and then the time of its end: a process that sees the end later knows by that which outages are noted.
-- ARGV[1] JSON {kind, phase: 'begin' | 'renew' | 'end' | 'past' (it has ended before it could be noted), beganAt, at,
--   notedMs (shorter outages are not noted), entries: [JSON], ttlSeconds}
--- @include "audit"
--- @include "integer"

local args = cjson.decode(ARGV[1])
local key = KEYS[1] .. ':outage:' .. args.kind
local known = redis.call('GET', key)
local isOpen, endedAt = known == 'open', tonumber(known or '')
-- An outage that is noted began long before its end. The clocks of processes differ a little.
local isNoted = isOpen or (endedAt and args.beganAt < endedAt - args.notedMs / 2)

local function note(value)
  redis.call('SET', key, value, 'EX', args.ttlSeconds)
  for _, entry in ipairs(args.entries) do audit(entry) end
end

if args.phase == 'renew' then
  redis.call('EXPIRE', key, args.ttlSeconds)
elseif args.phase == 'begin' and not isNoted then
  note('open')
elseif args.phase == 'end' and isOpen then
  note(integer(args.at))
elseif args.phase == 'past' and not isNoted then
  note(integer(args.at))
end
