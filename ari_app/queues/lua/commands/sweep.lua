-- Ends what has expired, and returns every open offer of the asking node, known to it or not.
local due = redis.call('ZRANGE', DEADLINES, '-inf', now, 'BYSCORE', 'LIMIT', 0, 500)
for _, member in ipairs(due) do
  redis.call('ZREM', DEADLINES, member)
  local kind, id = string.match(member, '^(%a+):(.*)$')
  if kind == 'agent' then
    local agent = agent_of(id)
    if agent.state == 'wrap_up' then
      end_wrap_up(agent)
    elseif agent.state == 'not_ready' then
      become_offline(agent)
    elseif agent.state == 'reserved' or agent.state == 'ringing' then
      local reason = in_force(call_of(agent.call), agent) and 'no_answer' or 'caller_gone'
      leave_offer(agent, reason)
      free_of_offer(agent, agent.silent ~= '' and agent.silent or reason)
    end
  elseif kind == 'need' then
    local call = call_of(id)
    if call.state == 'waiting' then
      leave_bucket(call)
      enter_bucket(call)
    end
  else
    local call = call_of(id)
    if call.state == 'gone' then
      quit_line(call)
      forget(call)
    elseif call.state == 'waiting' and call.failed ~= '' then
      arm_retry(call, cjson.decode(call.failed))
      touch(call.queue)
    end
  end
end
for _, id in ipairs(redis.call('SMEMBERS', OFFERED .. node)) do
  local call = call_of(id)
  if call.state == 'offered' then
    own_offers[#own_offers + 1] = offer_view(call)
  end
end
return finish(#due)
