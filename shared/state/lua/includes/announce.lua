-- Announces namespaces whose record has changed to all processes that show them (change-feed.ts).
-- Without a listener this costs next to nothing.
local function announce(names)
  redis.call('PUBLISH', KEYS[1] .. ':changes', names)
end
