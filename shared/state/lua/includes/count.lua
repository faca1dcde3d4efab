-- At the beginning of each script: counts one that decides, unless the state is not whole. If Redis has counted less than the process
-- knows, it has gone back to an older state.
-- ARGV[2] id of the process, left out if the script is not counted; ARGV[3] how often it was counted at least; ARGV[4] how often all processes were
if ARGV[2] then
  local total = KEYS[1] .. ':ticks'
  local own = total .. ':' .. ARGV[2]
  local function counted(key) return tonumber(redis.call('GET', key) or 0) end
  if redis.call('EXISTS', KEYS[1] .. ':epoch') == 0 then return 'rebuilding' end
  if counted(own) < tonumber(ARGV[3]) or counted(total) < tonumber(ARGV[4]) then return 'older' end
  redis.call('INCR', total)
  redis.call('INCR', own)
  redis.call('EXPIRE', own, 2592000)
end
