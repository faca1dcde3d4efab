-- Releases a lease without ending the run, which will be retried.
-- ARGV[1] JSON {namespace, token}
-- Returns 'ok'
local args = cjson.decode(ARGV[1])
local leaseKey = KEYS[1] .. ':lease:' .. args.namespace
if redis.call('GET', leaseKey) == args.token then redis.call('DEL', leaseKey) end
return 'ok'
