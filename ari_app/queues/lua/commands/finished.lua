-- agent_id, call_id, 'talked', 'unheard' or 'missed'. The conversation is over: wrap-up begins, except after a call of no queue and
-- where the caller was gone before the two heard each other, or where a supervisor, who serves no queue, had the call.
-- After a call dialled during wrap-up, that wrap-up begins again, answered or not.
local agent = agent_of(ARGV[3])
if agent.state ~= 'talking' or agent.call ~= ARGV[4] then
  return answer(false)
end
local call = call_of(ARGV[4])
if call.state == 'connected' and call.agent == agent.id then
  forget(call)
end
if ARGV[5] == 'missed' then
  -- Rung by a colleague's transfer, not by a match.
  keep_fact('queue', {
    id = agent.call .. '~' .. agent.id .. '~' .. text(tonumber(agent.since)) .. '~missed', event = 'RINGNOANSWER',
    call_id = agent.call, queue = given(agent.queue), agent_id = agent.id,
    ring_ms = math.max(0, now - tonumber(agent.since)), reason = 'no_answer',
  })
end
local leaves = agent.next == 'offline' and (agent.queues == '' or agent.next_reason == DESK_CLOSED)
if leaves or (ARGV[5] ~= 'talked' and agent.wrapping == '') then
  become_free(agent, true)
  return finish(true)
end
if agent.wrapping ~= '' then
  agent.call, agent.wrapping = agent.wrapping, ''
end
local settings = settings_of(agent.queue)
if agent.queue == '' or not settings.wraps_up then
  become_free(agent)
  return finish(true)
end
move(agent, 'wrap_up')
-- The call and its queue stay on view: this is what the agent is finishing.
agent.reservation = ''
set_deadline(agent, now + (settings.wrap_up_is_timed and settings.wrap_up_ms or settings.wrap_up_cap_ms))
return finish(true)
