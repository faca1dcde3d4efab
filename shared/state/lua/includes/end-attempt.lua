--- @include "integer"
--- @include "keep-bootstrap"
--- @include "record-attempt"

-- Writes the end of an attempt to the history: `ending`: {fold, attempt (JSON), startedAt, bootstrap? (JSON)}
local function endAttempt(namespace, ending, limits)
  recordAttempt(namespace, ending.fold, ending.attempt, integer(ending.startedAt), limits)
  if ending.bootstrap then keepBootstrap(namespace, ending.bootstrap, limits) end
end
