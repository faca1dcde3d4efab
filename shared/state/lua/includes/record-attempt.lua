-- Adds an attempt at the front of the namespace's history, or counts it together with the first one if that has the same
-- fold key. `startedAt` is text, `json` the attempt; `limits`: {attempts, ttlSeconds}
local function recordAttempt(namespace, fold, json, startedAt, limits)
  local key = KEYS[1] .. ':history:' .. namespace
  local times, first = 1, startedAt
  if fold ~= '' then
    local count, since, known = string.match(redis.call('LINDEX', key, 0) or '', '^(%d+)|(%d+)|([^|]*)|')
    if known == fold then
      times, first = tonumber(count) + 1, since
      redis.call('LPOP', key)
    end
  end
  local length = redis.call('LPUSH', key, times .. '|' .. first .. '|' .. fold .. '|' .. json)
  if length > limits.attempts then redis.call('LTRIM', key, 0, limits.attempts - 1) end
  redis.call('EXPIRE', key, limits.ttlSeconds)
end
