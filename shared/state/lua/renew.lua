-- Renews leases.
-- ARGV[1] JSON {leaseMs, leases: [{namespace, token}]}
-- Returns the tokens of those that are lost
local args = cjson.decode(ARGV[1])
local lost = {}
for _, lease in ipairs(args.leases) do
  local leaseKey = KEYS[1] .. ':lease:' .. lease.namespace
  if redis.call('GET', leaseKey) == lease.token then
    redis.call('PEXPIRE', leaseKey, args.leaseMs)
  else
    lost[#lost + 1] = lease.token
  end
end
return lost
