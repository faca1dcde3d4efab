-- Renews leases; without an epoch, none lasts.
-- ARGV[1] JSON {leaseMs, leases: [{namespace, token, generation}]}
-- Returns JSON {lost: tokens of those that are lost, moved: tokens of those whose namespace has a newer request,
--   held: tokens of those whose rollout is paused or cancelled}
--- @include "has-epoch"

local args = cjson.decode(ARGV[1])
local isOpen = hasEpoch()
local lost, moved, held = {}, {}, {}
for _, lease in ipairs(args.leases) do
  local leaseKey = KEYS[1] .. ':lease:' .. lease.namespace
  if isOpen and redis.call('GET', leaseKey) == lease.token then
    redis.call('PEXPIRE', leaseKey, args.leaseMs)
    local record = redis.call('HMGET', KEYS[1] .. ':namespace:' .. lease.namespace, 'generation', 'rolloutId')
    local state = redis.call('HGET', KEYS[1] .. ':rollout:' .. (record[2] or '') .. ':state', 'state')
    if (tonumber(record[1]) or 0) > lease.generation then
      moved[#moved + 1] = lease.token
    elseif state == 'paused' or state == 'cancelled' then
      held[#held + 1] = lease.token
    end
  else
    lost[#lost + 1] = lease.token
  end
end
-- An empty Lua table is encoded as an object.
local function encode(tokens) return #tokens > 0 and cjson.encode(tokens) or '[]' end
return '{"lost":' .. encode(lost) .. ',"moved":' .. encode(moved) .. ',"held":' .. encode(held) .. '}'
