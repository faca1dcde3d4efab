-- Records what a parked run waits for, as any worker sees it.
-- ARGV[1] JSON {namespace, generation, reason}
-- Returns 'ok'
--- @include "announce"

local prefix = KEYS[1]
local args = cjson.decode(ARGV[1])
local key = prefix .. ':namespace:' .. args.namespace
local isParked = tonumber(redis.call('HGET', prefix .. ':parked', args.namespace)) == args.generation
if isParked and redis.call('HGET', key, 'reason') ~= args.reason then
  redis.call('HSET', key, 'reason', args.reason)
  announce(args.namespace)
end
return 'ok'
