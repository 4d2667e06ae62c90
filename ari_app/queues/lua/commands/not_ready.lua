-- agent_id, reason. While busy or in wrap-up it is kept for afterwards.
local agent = agent_of(ARGV[3])
if agent.state == 'offline' then
  return answer(nil)
end
-- Who signed out closes the desk as well: that takes nothing back.
if agent.next == 'offline' and ARGV[4] == DESK_CLOSED then
  return answer(agent)
end
if is_busy(agent) or agent.state == 'wrap_up' then
  agent.next = 'not_ready'
  agent.next_reason = ARGV[4]
  agent.changed = true
else
  become_not_ready(agent, ARGV[4])
end
return finish(agent)
