-- Takes from the budget of requests that all workers share: a token bucket that holds one second's worth. Its rate is halved
-- when the API server is congested, and raised slowly up to the setting. A fifth of it is for urgent requests only.
-- ARGV[1] JSON {qps, urgent (how many), others (how many), congested}
-- Returns JSON {urgent, others (how many of them may be sent now), waitMs (until more may be), rate (requests per second)}

local RESERVED, SECONDS_TO_FULL, HALVE_EVERY_MS, KEEP_SECONDS = 0.2, 60, 2000, 3600
local SHORTEST_WAIT_MS, LONGEST_WAIT_MS = 20, 1000

local args = cjson.decode(ARGV[1])
local key = KEYS[1] .. ':api-budget'
-- One clock for all workers.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local stored = redis.call('HMGET', key, 'tokens', 'rate', 'at', 'halvedAt')
local at, halvedAt = tonumber(stored[3]) or now, tonumber(stored[4]) or 0
local seconds = math.max(0, now - at) / 1000
local rate = math.min(args.qps, (tonumber(stored[2]) or args.qps) + args.qps * seconds / SECONDS_TO_FULL)
if args.congested and now - halvedAt >= HALVE_EVERY_MS then
  rate, halvedAt = math.max(rate / 2, math.min(1, args.qps)), now
end
local capacity = math.max(2, rate)
local tokens = math.min(capacity, (tonumber(stored[1]) or capacity) + rate * seconds)
local reserved = capacity * RESERVED

local urgent = math.max(0, math.min(args.urgent, math.floor(tokens)))
tokens = tokens - urgent
local others = math.max(0, math.min(args.others, math.floor(tokens - reserved)))
tokens = tokens - others

local missing = 0
if args.urgent > urgent then
  missing = 1 - tokens
elseif args.others > others then
  -- Several at once cost fewer commands.
  missing = reserved + math.max(1, math.min(args.others - others, rate / 10)) - tokens
end
local waitMs = missing > 0 and math.max(SHORTEST_WAIT_MS, math.min(LONGEST_WAIT_MS, math.ceil(missing / rate * 1000))) or 0
redis.call('HSET', key, 'tokens', tokens, 'rate', rate, 'at', string.format('%.0f', now),
  'halvedAt', string.format('%.0f', halvedAt))
redis.call('EXPIRE', key, KEEP_SECONDS)
return cjson.encode({urgent = urgent, others = others, waitMs = waitMs, rate = rate})
