-- agent_id, call_id. An agent takes a call that waits in one of the agent's queues, also while another agent is rung for
-- it, or several, who keep the place among the idle. False where the agent is not free, or the call is no longer in line.
local agent, call = agent_of(ARGV[3]), call_of(ARGV[4])
if is_busy(agent) or agent.state == 'offline' or (call.state ~= 'waiting' and call.state ~= 'offered') then
  return answer(false)
end
if not serves(agent, call.queue) then
  return answer(false)
end
if call.state == 'offered' then
  for _, id in ipairs(names(call.agent)) do
    local rung = agent_of(id)
    if in_force(call, rung) then
      become_free(rung, true)
    end
  end
  back_in_line(call)
end
local before, reason = agent.state, agent.reason
if before ~= 'ready' then
  become_ready(agent, true)
end
reserve(call, { agent })
if before == 'not_ready' then
  agent.next, agent.next_reason = 'not_ready', reason
end
return finish(true)
