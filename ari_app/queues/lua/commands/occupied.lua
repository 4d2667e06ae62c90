-- agent_id, call_id, queue or ''. The agent is in a call that no match made: dialled out, or taken up again after Redis
-- lost its data. False where the agent has another call. An agent who was not ready before is not ready again afterwards,
-- and one who was signed out is signed out again, unless a desk signs in meanwhile.
local agent = agent_of(ARGV[3])
if is_busy(agent) then
  return answer(agent.state == 'talking' and agent.call == ARGV[4])
end
if agent.state == 'not_ready' then
  agent.next, agent.next_reason = 'not_ready', agent.reason
elseif agent.state == 'offline' then
  agent.next = 'offline'
end
if agent.state == 'wrap_up' then
  -- The wrap-up begins again afterwards, and the result that its queue asks for is still of the call that ended.
  agent.wrapping = agent.call
else
  agent.result = ''
end
if ARGV[5] ~= '' or agent.wrapping == '' then
  agent.queue = ARGV[5]
end
move(agent, 'talking')
set_deadline(agent, nil)
agent.call = ARGV[4]
agent.reservation = ''
return finish(true)
