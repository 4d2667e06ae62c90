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

-- Put the call back into its place, with its joining time; remember the agent who failed it, if one did.
local function back_in_line(call, agent_id)
  local failed = call.failed ~= '' and cjson.decode(call.failed) or {}
  if agent_id then
    failed[agent_id] = now + settings_of(call.queue).retry_same_agent_ms
    call.failed = cjson.encode(failed)
    call.last_failed = agent_id
  end
  call.state = 'waiting'
  call.agent = ''
  call.reservation = ''
  call.changed = true
  redis.call('SREM', OFFERED .. call.node, call.id)
  enter_bucket(call)
  arm_retry(call, failed)
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
