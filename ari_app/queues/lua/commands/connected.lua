-- reservation_id. Only the reservation that is in force connects; saying so twice is harmless.
local call_id, agent_id = parts_of(ARGV[3])
local call, agent = call_of(call_id), agent_of(agent_id)
if call.reservation ~= ARGV[3] or agent.reservation ~= ARGV[3] then
  return answer(false)
end
if call.state == 'connected' then
  return answer(agent.state == 'talking')
end
quit_line(call)
call.state = 'connected'
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
