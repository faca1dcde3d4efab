-- Moves the cursor of a receiver, unless another worker has moved it.
-- ARGV[1] JSON {receiver, from, to}; `from` is empty if there was none
-- Returns 1 if it was moved
local args = cjson.decode(ARGV[1])
local key = KEYS[1] .. ':notify-cursors'
local current = redis.call('HGET', key, args.receiver) or ''
if current ~= args.from then return 0 end
redis.call('HSET', key, args.receiver, args.to)
return 1
