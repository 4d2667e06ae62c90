-- agent_id, call_id. An agent takes a call that waits in one of the agent's queues, also while another agent is rung for
-- it, who keeps the place among the idle. False where the agent is not free, or the call is no longer in line.
local agent, call = agent_of(ARGV[3]), call_of(ARGV[4])
if is_busy(agent) or agent.state == 'offline' or (call.state ~= 'waiting' and call.state ~= 'offered') then
  return answer(false)
end
if not serves(agent, call.queue) then
  return answer(false)
end
if call.state == 'offered' then
  local rung = agent_of(call.agent)
  if rung.reservation == call.reservation then
    become_free(rung, true)
  end
  back_in_line(call, nil)
end
local before, reason = agent.state, agent.reason
if before ~= 'ready' then
  become_ready(agent, true)
end
reserve(call, agent)
if before == 'not_ready' then
  agent.next, agent.next_reason = 'not_ready', reason
end
return finish(true)
