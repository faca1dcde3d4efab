-- Parks a run: its namespace has no lease until the run resumes, but what it waits for is kept. Refused if another run has
-- the lease, and if more was requested meanwhile.
-- ARGV[1] JSON {namespace, token, generation, fields: [field, value, field, value, ...], parking (JSON),
--   superseded: {fold, attempt (JSON), startedAt}, history: {attempts, ttlSeconds}}
-- Returns 'lost' | 'moved' (the attempt has ended as superseded) | 'ok'
--- @include "announce"
--- @include "end-attempt"
--- @include "integer"

local prefix = KEYS[1]
local args = cjson.decode(ARGV[1])
local namespace, fields = args.namespace, args.fields
local leaseKey = prefix .. ':lease:' .. namespace
if redis.call('GET', leaseKey) ~= args.token then return 'lost' end
local key = prefix .. ':namespace:' .. namespace
if tonumber(redis.call('HGET', key, 'generation')) ~= args.generation then
  endAttempt(namespace, args.superseded, args.history)
  redis.call('HSET', key, 'open', '', 'steps', '')
  redis.call('DEL', leaseKey)
  return 'moved'
end
redis.call('HSET', key, 'parking', args.parking, unpack(fields))
redis.call('HSET', prefix .. ':parked', namespace, integer(args.generation))
redis.call('DEL', leaseKey)
announce(namespace)
return 'ok'
