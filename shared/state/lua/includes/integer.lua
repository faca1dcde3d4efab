-- Lua shortens large numbers when it converts them to text (1.7e+12): milliseconds since the epoch need all digits.
local function integer(number)
  return string.format('%.0f', number)
end
