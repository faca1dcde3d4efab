-- Writes a part of the state that is rebuilt, while nobody else can: only for the process that has claimed the rebuild, and
-- only until the epoch is opened.
-- ARGV[1] JSON {token, commands: [[command, key without prefix, argument, ...]], claimMs}
-- Returns 'lost' | 'ok'
--- @include "has-epoch"

local prefix = KEYS[1]
local args = cjson.decode(ARGV[1])
if hasEpoch() or redis.call('GET', prefix .. ':rebuild') ~= args.token then return 'lost' end
redis.call('PEXPIRE', prefix .. ':rebuild', args.claimMs)
for _, command in ipairs(args.commands) do
  redis.call(command[1], prefix .. command[2], unpack(command, 3))
end
return 'ok'
