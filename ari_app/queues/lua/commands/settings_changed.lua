-- A JSON list of the queues before. The queues' settings have changed, perhaps by a new release: every call and every ready
-- agent gets the place that the new ones give. No call loses its place in time, and what may be served now is.
local changed = {}
for _, queue in ipairs(cjson.decode(ARGV[3])) do
  changed[queue] = true
end
for queue in pairs(queues) do
  changed[queue] = true
end
for queue in pairs(changed) do
  local line = redis.call('ZRANGE', LINE .. queue, 0, -1)
  for _, id in ipairs(line) do
    local call = call_of(id)
    if in_line(call) and call.queue == queue then
      call.score = score_of(queue, tonumber(call.priority), tonumber(call.order))
      redis.call('ZADD', LINE .. queue, call.score, id)
      redis.call('ZADD', OLDEST .. queue, tonumber(call.joined), id)
      if call.state == 'waiting' then
        leave_bucket(call)
        enter_bucket(call)
      end
      call.changed = true
    end
  end
  if #line > 0 then
    lines_changed[queue] = true
  end
end
for _, id in ipairs(redis.call('SMEMBERS', AGENTS)) do
  local agent = agent_of(id)
  if agent.state == 'ready' then
    leave_ready_sets(agent)
    enter_ready_sets(agent)
  end
end
return finish(true)
