-- agent_id, milliseconds to add; to the queue's cap at most.
local agent = agent_of(ARGV[3])
if agent.state ~= 'wrap_up' then
  return answer(nil)
end
if agent.deadline ~= '' then
  local latest = tonumber(agent.since) + settings_of(agent.queue).wrap_up_cap_ms
  set_deadline(agent, math.max(tonumber(agent.deadline), math.min(tonumber(agent.deadline) + tonumber(ARGV[4]), latest)))
end
return finish(agent)
