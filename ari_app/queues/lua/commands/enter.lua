-- call_id, queue, priority, preferred agents as 'agent=milliseconds' joined by commas, words joined by commas. Joining again keeps the place; from another queue it keeps the join time; from another node
-- it takes the call over, its open offer included.
local call = call_of(ARGV[3])
local queue, priority = ARGV[4], tonumber(ARGV[5])

if call.state == 'gone' then
  quit_line(call)
  forget(call)
elseif call.state == 'connected' then
  -- Sent back by its agent, who is freed by `finished` as after any call.
  forget(call)
end

if call.state == '' then
  call.joined = now
  call.order = next_stamp()
  call.node = node
  call.agent, call.reservation, call.failed, call.last_failed = '', '', '', ''
  call.preferred, call.asks, call.tried = ARGV[6], ARGV[7], ''
  join(call, queue, priority)
else
  if call.node ~= node then
    if call.state == 'offered' then
      redis.call('SMOVE', OFFERED .. call.node, OFFERED .. node, call.id)
      call.node = node
      tell_owner(call)
    end
    call.node = node
    call.changed = true
  end
  if call.state == 'waiting' and call.queue ~= queue then
    quit_line(call)
    call.preferred, call.asks, call.tried = ARGV[6], ARGV[7], ''
    call.held, call.held_until = '', ''
    join(call, queue, priority)
    if call.failed ~= '' then
      arm_retry(call, cjson.decode(call.failed))
    end
  end
end
return finish(function() return place(call) end)
