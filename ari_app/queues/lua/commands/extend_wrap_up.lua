-- agent_id, milliseconds to add, the longest wrap-up. One that ends only when the agent says so has no end to move.
local agent = agent_of(ARGV[3])
if agent.state ~= 'wrap_up' then
  return answer(nil)
end
if agent.deadline ~= '' then
  local latest = tonumber(agent.since) + tonumber(ARGV[5])
  set_deadline(agent, math.max(tonumber(agent.deadline), math.min(tonumber(agent.deadline) + tonumber(ARGV[4]), latest)))
end
return finish(agent)
