-- reservation_id. The agent's phone is asked to ring; the lease runs from here.
local call_id, agent_id = parts_of(ARGV[3])
local call, agent = call_of(call_id), agent_of(agent_id)
if call.state ~= 'offered' or agent.reservation ~= ARGV[3] or not in_force(call, agent) then
  return answer(false)
end
if agent.state == 'reserved' then
  move(agent, 'ringing')
  set_deadline(agent, now + settings_of(call.queue).ring_ms + LEASE_GRACE_MS)
end
return finish(true)
