-- End an agent's part in an offer that failed; others may be rung on.
local function leave_offer(agent, reason)
  local call = call_of(agent.call)
  if call.state ~= 'offered' or not in_force(call, agent) then
    return
  end
  if reason == 'caller_gone' then
    stop_ringing(call)
    mark_gone(call)
    return
  end
  if not BLAMELESS[reason] then
    note_failed(call, agent.id)
  end
  if not ring_without(call, agent.id) then
    back_in_line(call)
  end
end

-- Make an agent free after the phone has stopped. Several missed rings in a row make the agent not ready.
local function free_of_offer(agent, reason)
  local misses_allowed = settings_of(agent.queue).misses_until_not_ready
  if MISSES[reason] then
    agent.misses = (tonumber(agent.misses) or 0) + 1
    keep_fact('queue', {
      id = agent.reservation .. '~missed', event = 'RINGNOANSWER', call_id = given(agent.call), queue = given(agent.queue),
      agent_id = agent.id, ring_ms = math.max(0, now - tonumber(agent.since)), reason = reason,
    })
  end
  if agent.next == 'offline' then
    become_offline(agent)
  elseif reason == 'unavailable' then
    become_not_ready(agent, 'unavailable')
  elseif agent.next == '' and (tonumber(agent.misses) or 0) >= misses_allowed then
    become_not_ready(agent, reason)
  else
    become_free(agent, BLAMELESS[reason])
  end
end

-- Whether another phone of the offer will stop in a moment, too: the caller has an agent or has hung up, or the time to
-- answer is over for all. An agent who refuses is free at once.
local function others_stop(agent, reason)
  for _, other in ipairs(rung_together(agent)) do
    if other.silent == '' and other ~= agent and (reason == 'no_answer' or not in_force(call_of(other.call), other)) then
      return true
    end
  end
  return false
end

-- The agent's phone has stopped. An offer that rang several agents ends for all of them in one step: the next caller of a
-- queue that rings all then rings all of them, and not only the first agent that is free.
local function release(agent, reason)
  leave_offer(agent, reason)
  agent.silent = reason
  if (reason == 'no_answer' or BLAMELESS[reason]) and others_stop(agent, reason) then
    set_deadline(agent, math.min(tonumber(agent.deadline) or now, now + GONE_GRACE_MS))
    return
  end
  for _, one in ipairs(rung_together(agent)) do
    if one.silent ~= '' then
      free_of_offer(one, one.silent)
    end
  end
end
