-- Calls are read once, changed in memory, and written back by `finish`.
-- state: waiting · offered (an agent is reserved) · connected · gone (the caller hung up, `leave` is still to come)

local HEAD_OF_QUEUE = 91 -- as in `ari_app.queues.settings`

local CALL_FIELDS = {
  'state', 'queue', 'priority', 'joined', 'order', 'score', 'node', 'agent', 'reservation', 'failed', 'last_failed',
  'preferred', 'asks', 'need', 'armed', 'held', 'held_until', 'tried',
}

local function call_of(id)
  local call = calls[id]
  if call then
    return call
  end
  call = { id = id, changed = false, stored = redis.call('HMGET', CALL .. id, unpack(CALL_FIELDS)) }
  for index, field in ipairs(CALL_FIELDS) do
    call[field] = call.stored[index] or ''
  end
  call.exists = call.state ~= ''
  calls[id] = call
  return call
end

-- A reservation's id has the ids of call and agent and the stamp of the offer, the fencing token.
local function parts_of(reservation)
  local call_id, agent_id, stamp = string.match(reservation, '^([^~]+)~([^~]+)~(%d+)$')
  return call_id or '', agent_id or '', stamp or ''
end

local function reservation_of(call, agent_id, stamp)
  return call.id .. '~' .. agent_id .. '~' .. stamp
end

-- Whether the agent's reservation is the call's: of the one agent, or of one of several who are rung at once. `reservation`
-- of such a call is that of the first of them; the others' have the same stamp.
local function in_force(call, agent)
  if agent.reservation == '' or call.reservation == agent.reservation then
    return agent.reservation ~= ''
  end
  if call.state ~= 'offered' or not string.find(',' .. call.agent .. ',', ',' .. agent.id .. ',', 1, true) then
    return false
  end
  local _, _, stamp = parts_of(call.reservation)
  return agent.reservation == reservation_of(call, agent.id, stamp)
end

local function in_line(call)
  return call.state == 'waiting' or call.state == 'offered' or call.state == 'gone'
end

-- Return the call's place in time: `order`, the stamp of the first joining, moved ahead by what the priority is worth. No
-- caller is overtaken by one who joined later than that, so all are served. Of two in one place the higher priority is first.
-- Before all are those who were with an agent already.
local function score_of(queue, priority, order)
  local settings = settings_of(queue)
  if priority >= HEAD_OF_QUEUE then
    return order - RANK_STEP
  end
  local tenths = (settings.priority + priority) * 10 + settings.weight
  return order - math.floor(tenths * settings.point_ms / 10) - tenths / 4096
end

local function join(call, queue, priority)
  local score = score_of(queue, priority, tonumber(call.order))
  call.state = 'waiting'
  call.queue = queue
  call.priority = priority
  call.score = score
  call.changed = true
  redis.call('ZADD', LINE .. queue, score, call.id)
  redis.call('ZADD', OLDEST .. queue, tonumber(call.joined), call.id)
  enter_bucket(call)
  lines_changed[queue] = true
  -- Restored after Redis lost its data, the same joining has the same id.
  keep_fact('queue', {
    id = call.id .. '~' .. queue .. '~' .. text(tonumber(call.joined)), event = 'ENTERQUEUE', call_id = call.id, queue = queue,
    position = (redis.call('ZRANK', LINE .. queue, call.id) or 0) + 1, priority = priority, asks = given(call.asks),
  })
end

-- Take the call out of its queue; its record stays.
local function quit_line(call)
  redis.call('ZREM', LINE .. call.queue, call.id)
  redis.call('ZREM', OLDEST .. call.queue, call.id)
  leave_bucket(call)
  redis.call('SREM', OFFERED .. call.node, call.id)
  if call.failed ~= '' or call.state == 'gone' then
    redis.call('ZREM', DEADLINES, 'call:' .. call.id)
  end
  lines_changed[call.queue] = true
end

local function forget(call)
  redis.call('DEL', CALL .. call.id)
  call.stored = {}
  call.state = ''
  call.exists = false
  call.changed = false
end

local function waited(call)
  return math.max(0, now - tonumber(call.joined))
end

local function place(call)
  local rank = redis.call('ZRANK', LINE .. call.queue, call.id)
  return {
    position = (rank or 0) + 1,
    in_line = redis.call('ZCARD', LINE .. call.queue),
    waited_ms = waited(call),
    offered = call.state == 'offered',
  }
end

-- Plan a sweep for when the next agent who failed this call may be rung again.
local function arm_retry(call, failed)
  local soonest
  for _, retry_at in pairs(failed) do
    if retry_at > now and (not soonest or retry_at < soonest) then
      soonest = retry_at
    end
  end
  if soonest then
    redis.call('ZADD', DEADLINES, soonest, 'call:' .. call.id)
  end
end

-- Remember an agent who failed the call: rung for it again only after a while.
local function note_failed(call, agent_id)
  local failed = call.failed ~= '' and cjson.decode(call.failed) or {}
  failed[agent_id] = now + settings_of(call.queue).retry_same_agent_ms
  call.failed = cjson.encode(failed)
  call.last_failed = agent_id
  call.changed = true
end

-- Take an agent out of the call's offer; return whether others are still rung.
local function ring_without(call, agent_id)
  local left = {}
  for _, id in ipairs(names(call.agent)) do
    if id ~= agent_id then
      left[#left + 1] = id
    end
  end
  if #left == 0 then
    return false
  end
  local _, _, stamp = parts_of(call.reservation)
  call.agent = table.concat(left, ',')
  call.reservation = reservation_of(call, left[1], stamp)
  call.changed = true
  return true
end

-- The phones of the call's offer stop: these agents are free when the last of them is silent, at the latest in a moment.
local function stop_ringing(call, but_agent)
  for _, id in ipairs(names(call.agent)) do
    local agent = agent_of(id)
    if id ~= but_agent and in_force(call, agent) then
      set_deadline(agent, now + GONE_GRACE_MS)
    end
  end
end

-- Return the agents of the offer that `agent` is in, who are not free of it yet; without the one who has the caller.
local function rung_together(agent)
  local _, _, stamp = parts_of(agent.reservation)
  local found = {}
  for _, id in ipairs(names(agent.together)) do
    local other = agent_of(id)
    local _, _, others_stamp = parts_of(other.reservation)
    if (other.state == 'reserved' or other.state == 'ringing') and others_stamp == stamp then
      found[#found + 1] = other
    end
  end
  return #found > 0 and found or { agent }
end

-- Put the call back into its place, with its joining time.
local function back_in_line(call)
  call.state = 'waiting'
  call.agent = ''
  call.reservation = ''
  call.changed = true
  redis.call('SREM', OFFERED .. call.node, call.id)
  enter_bucket(call)
  if call.failed ~= '' then
    arm_retry(call, cjson.decode(call.failed))
  end
end

local function mark_gone(call)
  call.state = 'gone'
  call.agent = ''
  call.reservation = ''
  call.changed = true
  redis.call('SREM', OFFERED .. call.node, call.id)
  redis.call('ZADD', DEADLINES, now + GONE_KEPT_MS, 'call:' .. call.id)
end

local function write_call(call)
  write_changes(CALL .. call.id, CALL_FIELDS, call)
end
