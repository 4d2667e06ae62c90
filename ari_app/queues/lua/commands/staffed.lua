-- queue. Whether an agent who is signed in serves it.
for _, id in ipairs(redis.call('SMEMBERS', AGENTS)) do
  for _, queue in ipairs(names(agent_of(id).queues)) do
    if queue == ARGV[3] then
      return answer(true)
    end
  end
end
return answer(false)
