-- Stores what a pass of healing, or an operator's command about it, has decided: whole, or not at all if another one came first.
-- A Redis that lost its data has no revision, so a pass from before writes nothing.
-- ARGV[1] JSON {revision (as it was read; 0 if there was none), healing: [namespace, JSON, namespace, JSON, …],
--   removed: [namespace], status? (JSON), audit: [JSON], announced: [namespace] (whose rows change)}
-- Returns 'rebuilding' | 'stale' | the new revision
--- @include "announce"
--- @include "audit"
--- @include "has-epoch"
--- @include "integer"

-- The number of fields in one command: Lua's stack is limited.
local FIELDS_AT_ONCE = 1000
local NAMES_AT_ONCE = 500

local prefix = KEYS[1]
local args = cjson.decode(ARGV[1])
if not hasEpoch() then return 'rebuilding' end
local revisionKey = prefix .. ':healing-revision'
if (redis.call('GET', revisionKey) or '0') ~= integer(args.revision) then return 'stale' end
for first = 1, #args.healing, FIELDS_AT_ONCE do
  redis.call('HSET', prefix .. ':healing', unpack(args.healing, first, math.min(first + FIELDS_AT_ONCE - 1, #args.healing)))
end
for first = 1, #args.removed, FIELDS_AT_ONCE do
  redis.call('HDEL', prefix .. ':healing', unpack(args.removed, first, math.min(first + FIELDS_AT_ONCE - 1, #args.removed)))
end
if args.status then redis.call('SET', prefix .. ':healing-status', args.status) end
for _, entry in ipairs(args.audit) do audit(entry) end
for first = 1, #args.announced, NAMES_AT_ONCE do
  announce(table.concat(args.announced, ' ', first, math.min(first + NAMES_AT_ONCE - 1, #args.announced)))
end
return redis.call('INCR', revisionKey)
