-- Virtual time: a recorded day's calls and agents against the same steps that live calls take. Only the library of a
-- simulation has this text. Its keys have another prefix, it keeps no facts in Redis, and its state lives in this
-- library between two runs: events by time, what each call will do, and what came out.

local heap, size, order
local coming       -- calls by id: queue, patience, talk, ring and wrap-up in milliseconds
local ends         -- what became of calls since the last run: flat, six values each
local spent        -- milliseconds of an agent in a state: spent[agent][state]
local steps

local function earlier(one, other)
  return one.at < other.at or (one.at == other.at and one.order < other.order)
end

local function push(event)
  order = order + 1
  event.order = order
  size = size + 1
  local place = size
  while place > 1 do
    local above = math.floor(place / 2)
    if not earlier(event, heap[above]) then
      break
    end
    heap[place] = heap[above]
    place = above
  end
  heap[place] = event
end

local function pop()
  local top, last = heap[1], heap[size]
  heap[size] = nil
  size = size - 1
  local place = 1
  while size > 0 do
    local below = place * 2
    if below > size then
      break
    end
    if below < size and earlier(heap[below + 1], heap[below]) then
      below = below + 1
    end
    if not earlier(heap[below], last) then
      break
    end
    heap[place] = heap[below]
    place = below
  end
  if size > 0 then
    heap[place] = last
  end
  return top
end

-- Facts are counted here, instead of being kept for the database.
keep_fact = function(kind, fields)
  if kind == 'agent' then
    if fields.state then
      local of_agent = spent[fields.agent_id] or {}
      spent[fields.agent_id] = of_agent
      of_agent[fields.state] = (of_agent[fields.state] or 0) + now - fields.since_ms
    end
  elseif fields.event == 'CONNECT' or fields.event == 'ABANDON' or fields.event == 'EXITWITHTIMEOUT' then
    local count = #ends
    ends[count + 1], ends[count + 2], ends[count + 3] = fields.event, fields.call_id, fields.queue
    ends[count + 4], ends[count + 5], ends[count + 6] = fields.agent_id or '', fields.wait_ms, fields.ring_ms or 0
  end
end

-- An offer rings as long as the call says, and is then answered, or missed as often as the call says. Of several agents who
-- are rung at once the first answers, who was idle longest.
local function take_offer(offer)
  local call = coming[offer.call_id]
  if not call or call.reservation == offer.reservation_id then
    return
  end
  call.reservation, call.others = offer.reservation_id, offer.others or {}
  if call.misses > 0 then
    call.misses = call.misses - 1
    push({ at = now + offer.ring_ms, kind = 'miss', call = offer.call_id, reservation = offer.reservation_id })
    for _, other in ipairs(call.others) do
      push({ at = now + offer.ring_ms, kind = 'miss', call = offer.call_id, reservation = other.reservation_id })
    end
  else
    push({
      at = now + math.min(call.ring, offer.ring_ms), kind = 'answer', call = offer.call_id,
      reservation = offer.reservation_id, agent = offer.agent_id,
    })
  end
end

local function step(at, command, ...)
  begin({ 'simulation', at })
  steps = steps + 1
  local reply = command({ 'simulation', at, ... })
  for _, offer in ipairs(own_offers) do
    take_offer(offer)
  end
  return reply
end

-- Free those who were rung for the call, too.
local function silence_others(at, call)
  for _, other in ipairs(call.others) do
    step(at, declined_command, other.reservation_id, 'answered_elsewhere')
  end
  call.others = {}
end

local function call_state(id)
  return redis.call('HGET', CALL .. id, 'state')
end

local happenings = {}

function happenings.arrive(event)
  local call = coming[event.call]
  push({ at = event.at + call.patience, kind = 'give_up', call = event.call })
  for _, move in ipairs(call.moves) do
    push({ at = event.at + move[1], kind = 'move', call = event.call, queue = move[2] })
  end
  step(event.at, enter_command, unpack(call.enter))
end

-- A rule of overflow: the caller goes to another queue.
function happenings.move(event)
  local call = coming[event.call]
  if not call or call.connected or call_state(event.call) ~= 'waiting' then
    return
  end
  call.enter[2] = event.queue
  call.queue = event.queue
  step(event.at, enter_command, unpack(call.enter))
end

function happenings.answer(event)
  local reply = step(event.at, connected_command, event.reservation)
  if string.find(reply, '"result":true', 1, true) then
    local call = coming[event.call]
    call.connected = true
    silence_others(event.at, call)
    push({ at = event.at + call.talk, kind = 'finish', call = event.call, agent = event.agent })
  end
end

function happenings.miss(event)
  step(event.at, declined_command, event.reservation, 'no_answer')
end

function happenings.give_up(event)
  local call = coming[event.call]
  if not call or call.connected then
    return
  end
  step(event.at, leave_command, event.call, call.limit and 'EXITWITHTIMEOUT' or 'ABANDON')
  if call.reservation then
    step(event.at, declined_command, call.reservation, 'caller_gone')
    silence_others(event.at, call)
  end
  coming[event.call] = nil
end

function happenings.finish(event)
  local call = coming[event.call]
  local settings = settings_of(call.queue)
  step(event.at, finished_command, event.agent, event.call, 'talked')
  step(event.at, result_stored_command, event.agent, event.call)
  -- The agent ends a wrap-up earlier than its time does.
  if not settings.wrap_up_is_timed or call.wrap < settings.wrap_up_ms then
    push({ at = event.at + call.wrap, kind = 'wrapped', agent = event.agent })
  end
  coming[event.call] = nil
end

function happenings.wrapped(event)
  step(event.at, wrap_up_done_command, event.agent)
end

function happenings.sign_in(event)
  step(event.at, sign_in_command, unpack(event.arguments))
end

function happenings.ready(event)
  step(event.at, ready_command, unpack(event.arguments))
end

function happenings.not_ready(event)
  step(event.at, not_ready_command, unpack(event.arguments))
end

function happenings.sign_out(event)
  step(event.at, sign_out_command, unpack(event.arguments))
end

-- arguments: node, '', calls and events of agents as JSON, the time until which to go, the most steps of this run, and
-- '1' to begin anew. Returns whether all up to that time is done, with what came out.
redis.register_function('LIBRARY_simulate', function(_, arguments)
  if arguments[6] == '1' then
    heap, size, order, coming, spent = {}, 0, 0, {}, {}
  end
  ends, steps = {}, 0
  local given_events = cjson.decode(arguments[3])
  for _, call in ipairs(given_events.calls) do
    coming[call.id] = call
    push({ at = call.at, kind = 'arrive', call = call.id })
  end
  for _, event in ipairs(given_events.agents) do
    push(event)
  end
  local horizon, most = tonumber(arguments[4]), tonumber(arguments[5])
  local done = false
  while steps < most do
    local sweep_at, at = next_deadline(), size > 0 and heap[1].at
    if sweep_at and sweep_at <= horizon and (not at or sweep_at < at) then
      step(sweep_at, sweep_command)
    elseif at and at <= horizon then
      local event = pop()
      happenings[event.kind](event)
    else
      done = true
      break
    end
  end
  return cjson.encode({ done = done, steps = steps, ends = #ends > 0 and ends or nil, spent = done and spent or nil })
end)
