-- Where a call lies that may be matched. Calls that any agent of the queue may take lie in WAITING of the queue; those that
-- need skills at the moment lie apart, by what they need, and calls that wait for one agent lie with that agent: the match
-- looks at the first of each and never searches.
-- A need is text, 'cantonese=3,english=1', or '' for any agent.

-- Return the steps of the queue's first rule that fits the caller: the caller has all words of the rule. Without such a
-- rule there are no steps, and any agent may take the call.
local function steps_of(call)
  for _, rule in ipairs(settings_of(call.queue).rules) do
    local applies = true
    for _, word in ipairs(rule.asks) do
      applies = applies and string.find(',' .. call.asks .. ',', ',' .. word .. ',', 1, true) ~= nil
    end
    if applies then
      return rule.steps
    end
  end
  return {}
end

-- Return what the call needs now, and when that changes.
local function need_now(call)
  local need, changes_at = '', nil
  for _, step in ipairs(steps_of(call)) do
    local from = tonumber(call.joined) + step.after_ms
    if from > now then
      changes_at = from
      break
    end
    need = step.need
  end
  return need, changes_at
end

local function level_in(skills, skill)
  return tonumber(string.match(',' .. skills, ',' .. skill .. '=(%d+)')) or 0
end

local function meets(skills, need)
  for skill, level in string.gmatch(need, '([^,=]+)=(%d+)') do
    if level_in(skills, skill) < tonumber(level) then
      return false
    end
  end
  return true
end

local function has_failed(call, agent_id)
  return call.failed ~= '' and cjson.decode(call.failed)[agent_id] ~= nil
end

-- Return whether the agent takes calls of this queue now or as soon as the present work is done.
local function will_come(agent, call)
  return agent.state ~= 'offline' and agent.state ~= 'not_ready' and agent.next == ''
    and serves(agent, call.queue) and not has_failed(call, agent.id)
end

-- Choose the agent for whom alone the call waits: the first who will come, of those that were not waited for yet, each for
-- its time. A ready one with no time is rung in this step or not waited for.
local function hold(call)
  if call.held ~= '' and tonumber(call.held_until) > now and will_come(agent_of(call.held), call) then
    return
  end
  call.held, call.held_until = '', ''
  local tried, index = tonumber(call.tried) or 0, 0
  for id, wait_ms in string.gmatch(call.preferred, '([^,=]+)=(%d+)') do
    index = index + 1
    if index > tried then
      call.tried = index
      local agent = agent_of(id)
      if will_come(agent, call) and (agent.state == 'ready' or tonumber(wait_ms) > 0) then
        call.held, call.held_until = id, now + math.max(1, tonumber(wait_ms))
        return
      end
    end
  end
end

local function bucket_of(call)
  if call.held ~= '' then
    return HELD .. call.held
  end
  return call.need == '' and WAITING .. call.queue or WAITING .. call.queue .. '~' .. call.need
end

local function leave_bucket(call)
  local bucket = bucket_of(call)
  redis.call('ZREM', bucket, call.id)
  if call.held == '' and call.need ~= '' and redis.call('EXISTS', bucket) == 0 then
    redis.call('SREM', NEEDS .. call.queue, call.need)
  end
  if call.armed ~= '' then
    redis.call('ZREM', DEADLINES, 'need:' .. call.id)
    call.armed = ''
    call.changed = true
  end
end

-- Put a waiting call where the match finds it: with the agent for whom it waits, else by what it needs now.
local function enter_bucket(call)
  local need, changes_at = need_now(call)
  call.need = need
  if call.preferred ~= '' then
    hold(call)
  end
  redis.call('ZADD', bucket_of(call), tonumber(call.score), call.id)
  if call.held ~= '' then
    touched_agents[call.held] = true
    changes_at = math.min(changes_at or call.held_until, call.held_until)
  elseif need ~= '' then
    redis.call('SADD', NEEDS .. call.queue, need)
  end
  if changes_at then
    redis.call('ZADD', DEADLINES, changes_at, 'need:' .. call.id)
    call.armed = changes_at
  end
  call.changed = true
  touch(call.queue)
end
