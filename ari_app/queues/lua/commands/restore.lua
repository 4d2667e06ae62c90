-- A JSON list of waiting calls. Those known already are left alone, so it may be repeated and overlap.
local added = 0
for _, given_call in ipairs(cjson.decode(ARGV[3])) do
  local call = call_of(given_call.call_id)
  if call.state == '' then
    call.joined = given_call.joined_at_ms
    call.order = call.joined
    call.node = given_call.node
    call.preferred = given_call.preferred
    call.asks = table.concat(given_call.asks, ',')
    join(call, given_call.queue, given_call.priority)
    added = added + 1
  end
end
return finish(added)
