-- Renews leases.
-- ARGV[1] JSON {leaseMs, leases: [{namespace, token, generation}]}
-- Returns JSON {lost: tokens of those that are lost, moved: tokens of those whose namespace has a newer request}
local args = cjson.decode(ARGV[1])
local lost, moved = {}, {}
for _, lease in ipairs(args.leases) do
  local leaseKey = KEYS[1] .. ':lease:' .. lease.namespace
  if redis.call('GET', leaseKey) == lease.token then
    redis.call('PEXPIRE', leaseKey, args.leaseMs)
    local generation = redis.call('HGET', KEYS[1] .. ':namespace:' .. lease.namespace, 'generation')
    if (tonumber(generation) or 0) > lease.generation then moved[#moved + 1] = lease.token end
  else
    lost[#lost + 1] = lease.token
  end
end
-- An empty Lua table is encoded as an object.
return '{"lost":' .. (#lost > 0 and cjson.encode(lost) or '[]') .. ',"moved":' .. (#moved > 0 and cjson.encode(moved) or '[]') .. '}'
