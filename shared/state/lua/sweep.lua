-- Deletes a part of the older state that Redis went back to, except the history and the audit log, with what was read of it. Only
-- for the process that has claimed the rebuild, and only until the epoch is opened.
-- ARGV[1] JSON {token, cursor, keep: [key without prefix], count (keys per call), claimMs}
-- Returns 'lost' | the cursor of the next part: '0' at the end
--- @include "has-epoch"

local prefix = KEYS[1]
local args = cjson.decode(ARGV[1])
if hasEpoch() or redis.call('GET', prefix .. ':rebuild') ~= args.token then return 'lost' end
redis.call('PEXPIRE', prefix .. ':rebuild', args.claimMs)

local kept = {
  [':rebuild'] = true, [':went-back'] = true,
  [':audit'] = true, [':found-releases'] = true,
  -- Without them, receivers would get all that is in the audit log.
  [':notify-cursors'] = true, [':notify-seen'] = true, [':notify-health'] = true,
}
for _, key in ipairs(args.keep) do kept[key] = true end

local function isSwept(key)
  if key:sub(1, #prefix + 1) ~= prefix .. ':' then return false end
  local name = key:sub(#prefix + 1)
  return not kept[name] and name:sub(1, 9) ~= ':history:'
end

local part = redis.call('SCAN', args.cursor, 'COUNT', args.count)
for _, key in ipairs(part[2]) do
  if isSwept(key) then redis.call('UNLINK', key) end
end
return part[1]
