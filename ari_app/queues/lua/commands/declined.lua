-- reservation_id, reason. False where the reservation is not in force any more. The call may be gone meanwhile; then only
-- the agent is freed.
local _, agent_id = parts_of(ARGV[3])
local agent = agent_of(agent_id)
if agent.reservation ~= ARGV[3] or agent.silent ~= '' or (agent.state ~= 'reserved' and agent.state ~= 'ringing') then
  return answer(false)
end
release(agent, in_force(call_of(agent.call), agent) and ARGV[4] or 'caller_gone')
return finish(true)
