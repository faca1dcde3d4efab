-- Closes an epoch because Redis has gone back to an older state: nothing is acted upon until the state is rebuilt.
-- ARGV[1] JSON {id}
-- Returns 'lost' (another epoch is open, or none) | 'ok'
local prefix = KEYS[1]
local epoch = redis.call('GET', prefix .. ':epoch')
if not epoch or cjson.decode(epoch).id ~= cjson.decode(ARGV[1]).id then return 'lost' end
-- In this order: a Redis that is full accepts the second one after the first.
redis.call('DEL', prefix .. ':epoch')
redis.call('SET', prefix .. ':went-back', 1)
return 'ok'
