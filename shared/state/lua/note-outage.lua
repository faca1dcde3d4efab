-- Notes the beginning and the end of an outage in the audit log, once for all processes that see it.
-- ARGV[1] JSON {kind, phase: 'begin' | 'renew' | 'end' | 'past' (it has ended before it could be noted), entries: [JSON], ttlSeconds}
--- @include "audit"

local args = cjson.decode(ARGV[1])
local key = KEYS[1] .. ':outage:' .. args.kind
local isFirst
if args.phase == 'renew' then
  redis.call('EXPIRE', key, args.ttlSeconds)
elseif args.phase == 'end' then
  isFirst = redis.call('DEL', key) == 1
else
  isFirst = redis.call('SET', key, '1', 'NX', 'EX', args.ttlSeconds)
end
if isFirst then
  for _, entry in ipairs(args.entries) do audit(entry) end
end
