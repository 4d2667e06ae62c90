-- Agents are read once, changed in memory, and written back and published by `finish`.

local AGENT_FIELDS = {
  'state', 'since', 'idle', 'reason', 'queues', 'call', 'queue', 'reservation',
  'next', 'next_reason', 'misses', 'deadline', 'calls', 'skills', 'number',
  'result', -- '1': the result of the present call, or of the one in `wrapping`, is stored
  'wrapping', -- the call that is wrapped up after the present one, which the agent dialled
  'together', -- all agents of the present offer, where they are several
  'silent', -- why the agent's own phone stopped, while another one of that offer stops
}

local DESK_CLOSED = 'desk_closed' -- as in `ari_app.queues.model`
local RESULT_MISSING = 'result_missing' -- as in `ari_app.work.model`
-- An agent who closes the desk without signing out is signed out after this.
local DESK_CLOSED_MS = 600000

local function names(list)
  local result = {}
  for name in string.gmatch(list, '[^,]+') do
    result[#result + 1] = name
  end
  return result
end

local function agent_of(id)
  local agent = agents[id]
  if agent then
    return agent
  end
  agent = { id = id, changed = false, stored = redis.call('HMGET', AGENT .. id, unpack(AGENT_FIELDS)) }
  for index, field in ipairs(AGENT_FIELDS) do
    agent[field] = agent.stored[index] or ''
  end
  agent.exists = agent.state ~= ''
  if not agent.exists then
    agent.state = 'offline'
  end
  agents[id] = agent
  return agent
end

local function is_busy(agent)
  return agent.state == 'reserved' or agent.state == 'ringing' or agent.state == 'talking'
end

local function set_deadline(agent, at)
  if at then
    agent.deadline = at
    redis.call('ZADD', DEADLINES, at, 'agent:' .. agent.id)
  elseif agent.deadline ~= '' then
    agent.deadline = ''
    redis.call('ZREM', DEADLINES, 'agent:' .. agent.id)
  end
  agent.changed = true
end

local function leave_ready_sets(agent)
  if newly_ready[agent.id] then
    newly_ready[agent.id] = nil
    return
  end
  for _, queue in ipairs(names(agent.queues)) do
    redis.call('ZREM', READY .. queue, agent.id)
  end
end

-- An agent who gets a waiting call in the same step never enters the sets.
local function enter_ready_sets(agent)
  newly_ready[agent.id] = agent
  for _, queue in ipairs(names(agent.queues)) do
    touch(queue)
  end
end

local function store_newly_ready()
  for id, agent in pairs(newly_ready) do
    newly_ready[id] = nil
    for _, queue in ipairs(names(agent.queues)) do
      redis.call('ZADD', READY .. queue, strategy_of(queue).score(queue, agent), id)
    end
  end
end

local function serves(agent, queue)
  return string.find(',' .. agent.queues .. ',', ',' .. queue .. ',', 1, true) ~= nil
end

local function move(agent, state)
  if not transitions[agent.state][state] then
    error('no way for an agent from ' .. agent.state .. ' to ' .. state)
  end
  if agent.state == 'ready' then
    leave_ready_sets(agent)
  end
  agent.state = state
  agent.since = now
  agent.reason = ''
  agent.changed = true
end

local function free_of_call(agent)
  agent.call = ''
  agent.queue = ''
  agent.reservation = ''
  agent.result = ''
  agent.wrapping = ''
  agent.together = ''
  agent.silent = ''
  set_deadline(agent, nil)
end

local function clear_next(agent)
  agent.next = ''
  agent.next_reason = ''
  agent.changed = true
end

local function become_not_ready(agent, reason)
  move(agent, 'not_ready')
  free_of_call(agent)
  clear_next(agent)
  agent.reason = reason
  if reason == DESK_CLOSED then
    set_deadline(agent, now + DESK_CLOSED_MS)
  end
end

-- `keep_idle`: the agent was not rung or not at fault; the place among the idle stays.
local function become_ready(agent, keep_idle)
  move(agent, 'ready')
  free_of_call(agent)
  clear_next(agent)
  if not keep_idle or agent.idle == '' then
    agent.idle = next_stamp()
  end
  enter_ready_sets(agent)
end

local function become_offline(agent)
  move(agent, 'offline')
  free_of_call(agent)
  clear_next(agent)
end

-- Put the state requested while busy into force.
local function become_free(agent, keep_idle)
  if agent.next == 'offline' then
    become_offline(agent)
  elseif agent.next == 'not_ready' then
    become_not_ready(agent, agent.next_reason)
  else
    become_ready(agent, keep_idle)
  end
end

-- The time of a wrap-up is over. One without the result that its queue requires goes on to the cap of the queue; then the
-- agent is paused, and reads why.
local function end_wrap_up(agent)
  local settings = settings_of(agent.queue)
  if settings.result_required and agent.result == '' then
    local latest = tonumber(agent.since) + settings.wrap_up_cap_ms
    if now < latest then
      return set_deadline(agent, latest)
    elseif agent.next == '' then
      return become_not_ready(agent, RESULT_MISSING)
    end
  end
  become_free(agent)
end

-- The time in the state that the agent had before this step, and the state that follows.
local function keep_agent_fact(agent)
  local state, since, reason = agent.stored[1], agent.stored[2], agent.stored[4]
  if tonumber(agent.since) == tonumber(since) and agent.state == state and agent.reason == reason then
    return
  end
  keep_fact('agent', {
    agent_id = agent.id,
    state = given(state),
    since_ms = tonumber(since),
    reason = given(reason),
    call_id = given(agent.stored[6]),
    queue = given(agent.stored[7]),
    next_state = agent.state,
    next_reason = given(agent.reason),
  })
end

local function write_agent(agent)
  if agent.state == 'offline' then
    redis.call('DEL', AGENT .. agent.id)
    redis.call('SREM', AGENTS, agent.id)
    return
  end
  write_changes(AGENT .. agent.id, AGENT_FIELDS, agent)
  if not agent.exists then
    redis.call('SADD', AGENTS, agent.id)
    agent.exists = true
  end
end

local function agent_view(agent)
  local queue_names = names(agent.queues)
  return {
    agent_id = agent.id,
    state = agent.state,
    since_ms = tonumber(agent.since) or now,
    -- An empty Lua table would be encoded as an object.
    queues = #queue_names > 0 and queue_names or nil,
    reason = given(agent.reason),
    call_id = given(agent.call),
    queue = given(agent.queue),
    next_state = given(agent.next),
    next_reason = given(agent.next_reason),
    until_ms = tonumber(agent.deadline),
  }
end
