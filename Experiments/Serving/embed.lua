-- One short sentence a request; the sentences differ, and their lengths a little.
local subjects = {"A man", "The old woman", "A small child", "Someone", "My neighbour's dog", "The band", "A chef"}
local verbs = {"plays", "watches", "carries", "cleans", "is looking for", "repairs", "draws", "sells", "has lost"}
local objects = {"a guitar", "the red car", "a ball in the park", "some fish", "the kitchen table",
  "an old piano", "two books about the sea", "a map", "the last train of the day", "a bicycle", "bread"}
local count = 0

function request()
  count = count + 1
  local text = subjects[count % #subjects + 1] .. " " .. verbs[count % #verbs + 1] .. " "
    .. objects[count % #objects + 1] .. "."
  return wrk.format("POST", "/v1/embeddings", {["Content-Type"] = "application/json"},
    '{"input": "' .. text .. '"}')
end
