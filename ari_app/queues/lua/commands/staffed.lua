-- queue. Whether an agent who is signed in serves it. One with a closed desk takes no calls until it is open again.
for _, id in ipairs(redis.call('SMEMBERS', AGENTS)) do
  local agent = agent_of(id)
  local present = agent.state ~= 'offline' and not (agent.state == 'not_ready' and agent.reason == DESK_CLOSED)
  for _, queue in ipairs(present and names(agent.queues) or {}) do
    if queue == ARGV[3] then
      return answer(true)
    end
  end
end
return answer(false)
