-- Every queue and every agent at one moment.
local function longest_wait(queue)
  -- Within one rank the first has waited longest, so it suffices to look at the first of each rank.
  local longest, from = 0, '-inf'
  while true do
    local found = redis.call('ZRANGE', LINE .. queue, from, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    if not found[1] then
      return longest
    end
    longest = math.max(longest, waited(call_of(found[1])))
    from = '(' .. text((math.floor(tonumber(found[2]) / RANK_STEP) + 1) * RANK_STEP)
  end
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
