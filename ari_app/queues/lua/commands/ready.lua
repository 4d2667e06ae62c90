-- agent_id. While busy it takes back a pause that was asked for; in wrap-up it ends that.
local agent = agent_of(ARGV[3])
if agent.state == 'offline' then
  return answer(nil)
end
agent.misses = '0'
agent.changed = true
if is_busy(agent) then
  clear_next(agent)
elseif agent.state ~= 'ready' then
  become_ready(agent)
end
return finish(agent)
