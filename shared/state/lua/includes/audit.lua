-- Appends an entry to the audit log, in the same write as what it is about. The newest entries are kept.
local AUDIT_ENTRIES = 100000
local function audit(entry)
  redis.call('XADD', KEYS[1] .. ':audit', 'MAXLEN', '~', AUDIT_ENTRIES, '*', 'e', entry)
end
