-- A rollout that is not stored any more is neither open nor due. Nothing happens if it is stored after all: Redis can have lost
-- it, and got it back, since it was read.
-- ARGV[1] JSON {id}
-- Returns 'ok'
local prefix = KEYS[1]
local id = cjson.decode(ARGV[1]).id
if redis.call('EXISTS', prefix .. ':rollout:' .. id) == 1 then return 'ok' end
redis.call('ZREM', prefix .. ':due-rollouts', id)
redis.call('SREM', prefix .. ':open-rollouts', id)
redis.call('SREM', prefix .. ':holding-rollouts', id)
return 'ok'
