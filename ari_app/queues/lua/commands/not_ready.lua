-- agent_id, reason. While busy or in wrap-up it is kept for afterwards.
local agent = agent_of(ARGV[3])
if agent.state == 'offline' then
  return answer(nil)
end
-- An agent who signed out closes the desk as well: that takes nothing back, and leaves nothing to wrap up with.
if agent.next == 'offline' and ARGV[4] == DESK_CLOSED then
  if agent.state == 'wrap_up' then
    become_offline(agent)
  else
    agent.next_reason = DESK_CLOSED
    agent.changed = true
  end
  return finish(agent)
end
if is_busy(agent) or agent.state == 'wrap_up' then
  agent.next = 'not_ready'
  agent.next_reason = ARGV[4]
  agent.changed = true
else
  become_not_ready(agent, ARGV[4])
end
return finish(agent)
