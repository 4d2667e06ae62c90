-- agent_id. With a call it is kept for afterwards.
local agent = agent_of(ARGV[3])
if agent.state == 'offline' then
  return answer(agent)
end
if is_busy(agent) then
  agent.next = 'offline'
  agent.next_reason = ''
  agent.changed = true
else
  become_offline(agent)
end
return finish(agent)
