-- Opens the epoch: from now on, requests are accepted and runs begin.
-- ARGV[1] JSON {token, epoch (JSON), changed: [names of namespaces, separated by blanks]}
-- Returns 'lost' | 'ok'
--- @include "announce"
--- @include "has-epoch"

local prefix = KEYS[1]
local args = cjson.decode(ARGV[1])
if hasEpoch() or redis.call('GET', prefix .. ':rebuild') ~= args.token then return 'lost' end
redis.call('SET', prefix .. ':epoch', args.epoch)
redis.call('DEL', prefix .. ':rebuild', prefix .. ':went-back')
for _, names in ipairs(args.changed) do announce(names) end
return 'ok'
