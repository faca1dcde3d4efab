-- Gives a lease back without an end: the run will be tried again.
-- ARGV[1] JSON {namespace, token}
-- Returns 'ok'
local args = cjson.decode(ARGV[1])
local leaseKey = KEYS[1] .. ':lease:' .. args.namespace
if redis.call('GET', leaseKey) == args.token then redis.call('DEL', leaseKey) end
return 'ok'
