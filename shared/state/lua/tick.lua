-- The open epoch, and a number that is higher at each call. If Redis goes back to an older state, the number falls.
-- ARGV[1] JSON {}
-- Returns false (no epoch is open) | {epoch (JSON), number}
local prefix = KEYS[1]
local epoch = redis.call('GET', prefix .. ':epoch')
if not epoch then return false end
-- A Redis that is full does not count, but still has its state.
local tick = redis.pcall('INCR', prefix .. ':ticks')
return {epoch, type(tick) == 'number' and tick or false}
