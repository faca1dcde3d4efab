-- Adds counts to rollouts that were made before counts were stored, from their targets; kept up to date from then on.
-- ARGV[1] JSON {ids: [rolloutId]}
-- Returns 'ok'
for _, id in ipairs(cjson.decode(ARGV[1]).ids) do
  local key = KEYS[1] .. ':rollout:' .. id
  local ttl = redis.call('PTTL', key)
  if ttl > 0 and redis.call('EXISTS', key .. ':counts') == 0 then
    for _, json in ipairs(redis.call('HVALS', key .. ':targets')) do
      redis.call('HINCRBY', key .. ':counts', cjson.decode(json).state, 1)
    end
    redis.call('PEXPIRE', key .. ':counts', ttl)
  end
end
return 'ok'
