-- call_id, event of the queue or ''.
-- An agent whose phone rings for the call stays reserved until it rings no more.
local call = call_of(ARGV[3])
if not in_line(call) then
  return answer(nil)
end
local result = place(call)
result.queue = call.queue
result.agent_id = given(call.agent)
if call.state == 'offered' then
  local agent = agent_of(call.agent)
  if agent.reservation == call.reservation then
    set_deadline(agent, math.min(tonumber(agent.deadline), now + GONE_GRACE_MS))
  end
end
if ARGV[4] ~= '' then
  keep_fact('queue', {
    event = ARGV[4], call_id = call.id, queue = call.queue, position = result.position, wait_ms = result.waited_ms,
  })
end
quit_line(call)
forget(call)
return finish(result)
