-- agent_id. The agent says so before the time is over.
local agent = agent_of(ARGV[3])
if agent.state ~= 'wrap_up' then
  return answer(nil)
end
become_free(agent)
return finish(agent)
