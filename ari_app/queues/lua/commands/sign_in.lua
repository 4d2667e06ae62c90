-- agent_id, queue names joined by commas, skills as 'name=level' joined by commas, staff number. Signing in again only takes over queues
-- and skills: a desk that comes back finds the agent as before, except that the desk is no longer the reason for not being ready.
local agent = agent_of(ARGV[3])
if agent.state == 'offline' then
  agent.queues, agent.skills, agent.number = ARGV[4], ARGV[5], ARGV[6]
  agent.misses = '0'
  become_not_ready(agent, 'signed_in')
  return finish(agent)
end
if agent.next == 'offline' then
  clear_next(agent)
end
if agent.state == 'not_ready' and agent.reason == DESK_CLOSED then
  become_not_ready(agent, 'signed_in')
end
if agent.next_reason == DESK_CLOSED then
  agent.next_reason = 'signed_in'
  agent.changed = true
end
if agent.queues ~= ARGV[4] or agent.skills ~= ARGV[5] or agent.number ~= ARGV[6] then
  if agent.state == 'ready' then
    leave_ready_sets(agent)
  end
  agent.queues, agent.skills, agent.number = ARGV[4], ARGV[5], ARGV[6]
  agent.changed = true
  if agent.state == 'ready' then
    enter_ready_sets(agent)
  end
end
return finish(agent)
