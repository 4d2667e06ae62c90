-- agent_id, call_id, queue or ''. The agent is in a call that no match made: dialled out, or taken up again after Redis
-- lost its data. False where the agent has another call. An agent who was not ready before is not ready again afterwards.
local agent = agent_of(ARGV[3])
if is_busy(agent) then
  return answer(agent.state == 'talking' and agent.call == ARGV[4])
end
local wrapping_up = agent.state == 'wrap_up'
if agent.state == 'not_ready' then
  agent.next, agent.next_reason = 'not_ready', agent.reason
end
move(agent, 'talking')
set_deadline(agent, nil)
agent.call = ARGV[4]
-- A call made during wrap-up belongs to that wrap-up, which begins again after it.
if ARGV[5] ~= '' or not wrapping_up then
  agent.queue = ARGV[5]
end
agent.reservation = ''
return finish(true)
