-- Every queue and every agent at one moment.
local function longest_wait(queue)
  local oldest = redis.call('ZRANGE', OLDEST .. queue, 0, 0, 'WITHSCORES')
  return oldest[2] and math.max(0, now - tonumber(oldest[2])) or 0
end

local result = { at_ms = now, queues = {}, agents = {} }
local counts, offered = {}, {}
for _, id in ipairs(redis.call('SMEMBERS', AGENTS)) do
  local agent = agent_of(id)
  result.agents[#result.agents + 1] = agent_view(agent)
  if agent.reservation ~= '' and agent.state ~= 'talking' and call_of(agent.call).reservation == agent.reservation then
    offered[agent.queue] = (offered[agent.queue] or 0) + 1
  end
  -- An agent with a call of a queue is busy for that queue alone.
  local busy = (is_busy(agent) or agent.state == 'wrap_up') and agent.queue ~= ''
  for _, queue in ipairs(busy and { agent.queue } or names(agent.queues)) do
    counts[queue] = counts[queue] or {}
    counts[queue][agent.state] = (counts[queue][agent.state] or 0) + 1
  end
end
for queue in pairs(queues) do
  result.queues[#result.queues + 1] = {
    queue = queue,
    waiting = redis.call('ZCARD', LINE .. queue),
    offered = offered[queue] or 0,
    longest_wait_ms = longest_wait(queue),
    agents = counts[queue] or {},
  }
end
if #result.agents == 0 then
  result.agents = nil
end
return answer(result)
