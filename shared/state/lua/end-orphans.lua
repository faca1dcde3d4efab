-- Ends targets whose request Redis has lost, so that the rollout does not wait for them forever.
-- Namespaces that are still requested are marked as unfinished again, in case that set was lost.
-- ARGV[1] JSON {id, now}
-- Returns 'rebuilding' | how many targets were ended
--- @include "set-target"

local prefix = KEYS[1]
local args = cjson.decode(ARGV[1])
local id = args.id
local key = prefix .. ':rollout:' .. id
local REASON = 'Redis has lost this request: deploy again'

-- Without the targets, only their counts are known.
local function endCounted()
  local open = 0
  for _, state in ipairs({'pending', 'running', 'paused'}) do
    open = open + (tonumber(redis.call('HGET', key .. ':counts', state)) or 0)
    redis.call('HSET', key .. ':counts', state, 0)
  end
  if open > 0 then redis.call('HINCRBY', key .. ':counts', 'failed', open) end
  return open
end

local function isRequested(namespace)
  local record = redis.call('HMGET', prefix .. ':namespace:' .. namespace, 'generation', 'handled', 'rolloutId', 'runningRolloutId')
  local isUnfinished = (tonumber(record[1]) or 0) > (tonumber(record[2]) or 0)
  return isUnfinished and (record[3] == id or record[4] == id)
end

-- What a rollout has not admitted is not requested yet.
local function isHeldBack(namespace)
  local plan = redis.call('HGET', key .. ':plan', namespace)
  return plan and not cjson.decode(plan).admittedAt
end

if redis.call('EXISTS', key .. ':targets') == 0 then return endCounted() end
local ended = 0
local fields = redis.call('HGETALL', key .. ':targets')
for i = 1, #fields, 2 do
  local namespace, isJson, target = fields[i], pcall(cjson.decode, fields[i + 1])
  if isJson and (target.state == 'pending' or target.state == 'running') and not isHeldBack(namespace) then
    if isRequested(namespace) then
      redis.call('SADD', prefix .. ':dirty', namespace)
    else
      target.state, target.reason, target.finishedAt, target.retryAt = 'failed', REASON, args.now, nil
      setTarget(id, namespace, 'failed', cjson.encode(target))
      ended = ended + 1
    end
  end
end
return ended
