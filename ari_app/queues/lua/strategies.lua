-- Strategies of queues. Each says by `score` where an agent stands who becomes ready: the lowest is rung first. One may say,
-- besides, from which score on the next agent is looked for (`start`), remember who was rung (`rung`), and ring several
-- agents for one caller (`at_once`).

local MEMORY = PREFIX .. 'memory:' -- what a queue's strategy remembers
local LATER = 1000000000           -- more than any staff number: agents who are not listed follow those who are

local strategies = {}

strategies.longest_idle = {
  score = function(_, agent)
    return tonumber(agent.idle)
  end,
}

-- All who are ready and fit, the longest idle first: the first to answer has the caller.
strategies.ring_all = {
  score = strategies.longest_idle.score,
  at_once = function(queue)
    return settings_of(queue).ring_at_most
  end,
}

-- Since the agent signed in, of all queues: an agent of many is not rung more often. Of equals the longest idle.
strategies.fewest_calls = {
  score = function(_, agent)
    return math.min(tonumber(agent.calls) or 0, 2000) * RANK_STEP + tonumber(agent.idle)
  end,
}

-- As the file lists the agents, the others by staff number.
strategies.linear = {
  score = function(queue, agent)
    return settings_of(queue).order[agent.number] or LATER + (tonumber(agent.number) or 0)
  end,
}

-- By staff number, after the agent rung last.
strategies.round_robin = {
  score = function(_, agent)
    return tonumber(agent.number) or 0
  end,
  start = function(queue)
    return redis.call('GET', MEMORY .. queue)
  end,
  rung = function(queue, agent)
    redis.call('SET', MEMORY .. queue, tonumber(agent.number) or 0)
  end,
}

-- By chance, in proportion to the shares of the file. Each agent gets a time by an exponential distribution of that rate,
-- from the time of the agent rung last: so each ready agent's chance to be rung next is that agent's share.
strategies.random_weighted = {
  score = function(queue, agent)
    local digits = string.sub(redis.sha1hex(queue .. agent.id .. agent.idle .. text(now)), 1, 12)
    local chance = (tonumber(digits, 16) + 1) / (16 ^ 12 + 1)
    local share = settings_of(queue).shares[agent.number] or 1
    return (tonumber(redis.call('GET', MEMORY .. queue)) or 0) - math.log(chance) / share
  end,
  rung = function(queue, agent)
    local at = redis.call('ZSCORE', READY .. queue, agent.id)
    if at then
      redis.call('SET', MEMORY .. queue, at)
    end
  end,
}

local function strategy_of(queue)
  return strategies[settings_of(queue).strategy]
end

-- Return a queue's ready agents in the order in which they are to be rung, from index `first` to `last`.
local function ready_agents(queue, first, last)
  local strategy, key = strategy_of(queue), READY .. queue
  local after = strategy.start and strategy.start(queue)
  local start = after and redis.call('ZCOUNT', key, '-inf', after) or 0
  local count = start > 0 and redis.call('ZCARD', key) or 0
  if start == 0 or start == count then
    return redis.call('ZRANGE', key, first, last)
  end
  -- The agents from `start` on, then those before it.
  local found = {}
  if start + first < count then
    found = redis.call('ZRANGE', key, start + first, math.min(start + last, count - 1))
  end
  local from, to = math.max(0, start + first - count), math.min(start + last - count, start - 1)
  if to >= from then
    for _, id in ipairs(redis.call('ZRANGE', key, from, to)) do
      found[#found + 1] = id
    end
  end
  return found
end
