-- Lua shortens large numbers when it makes text of them (1.7e+12): milliseconds since the epoch need all their digits.
local function integer(number)
  return string.format('%.0f', number)
end
