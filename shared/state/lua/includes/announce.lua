-- Announces namespaces whose record has changed to every process that keeps a view of them (change-feed.ts).
-- Without a listener that costs next to nothing.
local function announce(names)
  redis.call('PUBLISH', KEYS[1] .. ':changes', names)
end
