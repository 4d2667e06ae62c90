-- call_id, event of the queue or '', key that the caller pressed or ''.
-- An agent whose phone rings for the call stays reserved until it rings no more.
local call = call_of(ARGV[3])
if not in_line(call) then
  return answer(nil)
end
local result = place(call)
result.queue = call.queue
result.agent_id = names(call.agent)[1]
if call.state == 'offered' then
  stop_ringing(call)
end
if ARGV[4] ~= '' then
  keep_fact('queue', {
    event = ARGV[4], call_id = call.id, queue = call.queue, position = result.position, wait_ms = result.waited_ms,
    reason = ARGV[5] ~= '' and ARGV[5] or nil,
  })
end
quit_line(call)
forget(call)
return finish(result)
