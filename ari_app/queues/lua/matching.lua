-- The match: the best caller and the right agent are found and reserved in one step.

local MISSES = { no_answer = true, busy = true, refused = true }
-- Not the agent's fault: the place among the idle stays.
local BLAMELESS = { caller_gone = true, interrupted = true, answered_elsewhere = true }

local function skills_of(id)
  return agents[id] and agents[id].skills or redis.call('HGET', AGENT .. id, 'skills') or ''
end

-- Return the agent who is to be rung first, if ready in this queue, with the skills, and not one who failed this call.
local function preferred_agent(queue, call)
  for id in string.gmatch(call.preferred, '([^,=]+)=') do
    if redis.call('ZSCORE', READY .. queue, id) and not has_failed(call, id) and meets(skills_of(id), call.need) then
      return id
    end
  end
  return nil
end

-- The preferred agent; else one who did not fail this call; else, after the back-off, one who did, the last one last.
-- All have the skills that the call needs now; an agent for whom the call waited alone need not.
local function choose(queue, call)
  local preferred = preferred_agent(queue, call)
  if preferred then
    return preferred
  end
  if call.failed == '' and call.need == '' then
    return ready_agents(queue, 0, 0)[1]
  end
  local failed = call.failed ~= '' and cjson.decode(call.failed) or {}
  local second_choice, last_choice
  local first, chunk = 0, 20
  while true do
    local candidates = ready_agents(queue, first, first + chunk - 1)
    for _, id in ipairs(candidates) do
      if call.need == '' or meets(skills_of(id), call.need) then
        local retry_at = failed[id]
        if not retry_at then
          return id
        end
        if retry_at <= now then
          if id == call.last_failed then
            last_choice = id
          else
            second_choice = second_choice or id
          end
        end
      end
    end
    if #candidates < chunk then
      return second_choice or last_choice
    end
    first = first + chunk
  end
end

-- All who may be rung for the call at once, up to `most`, in the order of the strategy.
local function choose_all(queue, call, most)
  local failed = call.failed ~= '' and cjson.decode(call.failed) or {}
  local found, first, chunk = {}, 0, 20
  while true do
    local candidates = ready_agents(queue, first, first + chunk - 1)
    for _, id in ipairs(candidates) do
      if (failed[id] or 0) <= now and meets(call.need ~= '' and skills_of(id) or '', call.need) then
        found[#found + 1] = agent_of(id)
        if #found == most then
          return found
        end
      end
    end
    if #candidates < chunk then
      return found
    end
    first = first + chunk
  end
end

-- Return the only ready agent, if there is just one, ready since this step: there is no choice to make.
local function only_ready()
  local id, agent = next(newly_ready)
  if not id or next(newly_ready, id) then
    return nil
  end
  local sets = {}
  for queue in pairs(touched) do
    sets[#sets + 1] = READY .. queue
  end
  return redis.call('EXISTS', unpack(sets)) == 0 and agent or nil
end

local function offer_view(call)
  local rank = redis.call('ZRANK', LINE .. call.queue, call.id)
  local _, first, stamp = parts_of(call.reservation)
  local others
  for _, id in ipairs(names(call.agent)) do
    if id ~= first then
      others = others or {}
      others[#others + 1] = { agent_id = id, reservation_id = reservation_of(call, id, stamp) }
    end
  end
  return {
    reservation_id = call.reservation,
    call_id = call.id,
    agent_id = first,
    others = others,
    queue = call.queue,
    node = call.node,
    joined_at_ms = tonumber(call.joined),
    waited_ms = waited(call),
    position = (rank or 0) + 1,
    ring_ms = settings_of(call.queue).ring_ms,
    pulled = agent_of(first).queues == '' or nil,
  }
end

local function tell_owner(call)
  local offer = offer_view(call)
  if call.node == node then
    own_offers[#own_offers + 1] = offer
  else
    redis.call('PUBLISH', 'hotline:offers:' .. call.node, cjson.encode(offer))
  end
end

-- Reserve all chosen agents for the call; most often it is one.
local function reserve(call, chosen)
  local rung = strategy_of(call.queue).rung
  local stamp = text(next_stamp())
  local ids = {}
  for index, agent in ipairs(chosen) do
    ids[index] = agent.id
  end
  local together = #ids > 1 and table.concat(ids, ',') or ''
  for _, agent in ipairs(chosen) do
    if rung then
      rung(call.queue, agent)
    end
    move(agent, 'reserved')
    agent.together = together
    agent.call = call.id
    agent.queue = call.queue
    agent.reservation = reservation_of(call, agent.id, stamp)
    set_deadline(agent, now + settings_of(call.queue).ring_ms + LEASE_GRACE_MS)
  end
  call.state = 'offered'
  call.agent = table.concat(ids, ',')
  call.reservation = chosen[1].reservation
  call.changed = true
  leave_bucket(call)
  call.held, call.held_until = '', ''
  redis.call('SADD', OFFERED .. call.node, call.id)
  tell_owner(call)
end

-- Return the head with the best call that was not passed over, among queues with a ready agent.
local function best_of(heads, ready_in)
  local best
  for _, head in ipairs(heads) do
    if not head.over then
      if head.held and agent_of(head.held).state ~= 'ready' or head.queue and ready_in[head.queue] == 0 then
        head.over = true
      elseif not head.id then
        local found = redis.call('ZRANGE', head.bucket, head.passed, head.passed, 'WITHSCORES')
        head.id, head.score = found[1], tonumber(found[2])
        head.over = head.id == nil
      end
      if not head.over and (not best or head.score < best.score) then
        best = head
      end
    end
  end
  return best
end

local function count_ready()
  local ready_in = {}
  for queue in pairs(touched) do
    ready_in[queue] = redis.call('ZCARD', READY .. queue)
  end
  return ready_in
end

local function count_agent(ready_in, agent, change)
  for _, queue in ipairs(names(agent.queues)) do
    if ready_in[queue] then
      ready_in[queue] = ready_in[queue] + change
    end
  end
end

-- The first calls of every queue with a new caller or a free agent: of those for any agent, of each need, and of those
-- that wait for one agent who is free.
local function heads_of_touched()
  local heads = {}
  for id in pairs(newly_ready) do
    touched_agents[id] = true
  end
  -- Most often none of these lines is there: one question instead of one each.
  local apart = {}
  for id in pairs(touched_agents) do
    apart[#apart + 1] = HELD .. id
  end
  for queue in pairs(touched) do
    apart[#apart + 1] = NEEDS .. queue
    heads[#heads + 1] = { queue = queue, need = '', bucket = WAITING .. queue, passed = 0 }
  end
  if redis.call('EXISTS', unpack(apart)) == 0 then
    return heads
  end
  for id in pairs(touched_agents) do
    heads[#heads + 1] = { held = id, bucket = HELD .. id, passed = 0 }
  end
  for queue in pairs(touched) do
    for _, need in ipairs(redis.call('SMEMBERS', NEEDS .. queue)) do
      heads[#heads + 1] = { queue = queue, need = need, bucket = WAITING .. queue .. '~' .. need, passed = 0 }
    end
  end
  return heads
end

-- Return the agents to be rung, or an empty list.
local function agents_for(head, call, only)
  if head.held then
    local agent = agent_of(head.held)
    return { will_come(agent, call) and agent or nil }
  end
  if only and call.failed == '' then
    return { meets(only.skills, head.need) and only or nil }
  end
  store_newly_ready()
  local at_once = strategy_of(head.queue).at_once
  if at_once and not preferred_agent(head.queue, call) then
    return choose_all(head.queue, call, at_once(head.queue))
  end
  local id = choose(head.queue, call)
  return { id and agent_of(id) }
end

-- One pass suffices: agents only become fewer meanwhile, so a call passed over once cannot be served later in the pass.
-- Where no ready agent has what a call needs, none has it for the calls behind it, unless agents failed this call.
local function match()
  local heads = heads_of_touched()
  local only = only_ready()
  local ready_in = {}
  if only then
    for queue in pairs(touched) do
      ready_in[queue] = 0
    end
    count_agent(ready_in, only, 1)
  else
    store_newly_ready()
    ready_in = count_ready()
  end
  local best = best_of(heads, ready_in)
  while best do
    local call = call_of(best.id)
    local chosen = agents_for(best, call, only)
    best.id = nil
    if #chosen > 0 then
      for _, agent in ipairs(chosen) do
        count_agent(ready_in, agent, -1)
      end
      reserve(call, chosen)
    elseif call.failed == '' and not best.held then
      best.over = true
    else
      best.passed = best.passed + 1
    end
    best = best_of(heads, ready_in)
  end
  store_newly_ready()
end

-- Let the calls go on that wait for an agent who will not come: signed out, paused, or gone to other queues.
local function release_held()
  local changed = {}
  for id, agent in pairs(agents) do
    -- One who would not have come before has no calls that wait.
    local came = agent.exists and agent.stored[1] ~= 'not_ready' and (agent.stored[9] or '') == ''
    if agent.changed and came and (agent.state == 'offline' or agent.state == 'not_ready' or agent.next ~= ''
        or agent.queues ~= agent.stored[5]) then
      changed[#changed + 1] = id
    end
  end
  for _, id in ipairs(changed) do
    for _, call_id in ipairs(redis.call('ZRANGE', HELD .. id, 0, -1)) do
      local call = call_of(call_id)
      leave_bucket(call)
      enter_bucket(call)
    end
  end
end

local function next_deadline()
  local first = redis.call('ZRANGE', DEADLINES, 0, 0, 'WITHSCORES')
  return tonumber(first[2])
end

-- JSON is put together from parts, so that no part is made twice.
local function times_of(wake)
  return '"now_ms":' .. text(now) .. (wake and ',"wake_ms":' .. text(wake) or '')
end

local function in_json(result)
  if type(result) == 'function' then
    result = result()
  elseif type(result) == 'table' and agents[result.id] == result then
    return result.told or cjson.encode(agent_view(result))
  end
  return cjson.encode(result)
end

-- Match, write, publish, answer: the end of every step that changes something. `result` may be a function, called at the
-- very end, or an agent of this step, answered in the final state.
local function finish(result)
  release_held()
  if next(touched) then
    match()
  end
  if new_stamp then
    redis.call('SET', STAMP, new_stamp)
  end
  local times = times_of(next_deadline())
  for _, call in pairs(calls) do
    if call.changed then
      write_call(call)
    end
  end
  for _, agent in pairs(agents) do
    if agent.changed then
      keep_agent_fact(agent)
      write_agent(agent)
      agent.told = cjson.encode(agent_view(agent))
      redis.call('PUBLISH', 'hotline:agents', '{' .. times .. ',"agent":' .. agent.told .. '}')
    end
  end
  for queue in pairs(lines_changed) do
    local in_line = redis.call('ZCARD', LINE .. queue)
    local line = cjson.encode({ queue = queue, in_line = in_line })
    redis.call('PUBLISH', 'hotline:queues', '{' .. times .. ',"queue":' .. line .. '}')
  end
  local offers = #own_offers > 0 and ',"offers":' .. cjson.encode(own_offers) or ''
  return '{' .. times .. offers .. ',"result":' .. in_json(result) .. '}'
end

-- Answer a refusal or a reading: nothing changed, so there is nothing to match or to publish.
local function answer(result)
  return '{' .. times_of(nil) .. ',"result":' .. in_json(result) .. '}'
end
