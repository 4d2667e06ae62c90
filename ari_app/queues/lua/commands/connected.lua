-- reservation_id. Only a reservation that is in force connects, the first of several; saying so twice is harmless. Other
-- agents who are rung for the call are free as soon as their phones are silent.
local call_id, agent_id = parts_of(ARGV[3])
local call, agent = call_of(call_id), agent_of(agent_id)
if agent.reservation ~= ARGV[3] or not in_force(call, agent) then
  return answer(false)
end
if call.state == 'connected' then
  return answer(agent.state == 'talking')
end
stop_ringing(call, agent_id)
quit_line(call)
call.state, call.agent, call.reservation = 'connected', agent_id, agent.reservation
call.failed, call.last_failed = '', ''
call.changed = true
keep_fact('queue', {
  id = agent.reservation .. '~connect', event = 'CONNECT', call_id = call.id, queue = call.queue, agent_id = agent.id,
  wait_ms = waited(call), ring_ms = math.max(0, now - tonumber(agent.since)),
})
move(agent, 'talking')
set_deadline(agent, nil)
agent.misses = '0'
agent.calls = (tonumber(agent.calls) or 0) + 1
return finish(true)
