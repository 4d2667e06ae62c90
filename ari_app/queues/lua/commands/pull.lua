-- call_id, staff_id. Reserve a waiting caller for one who serves no queue, such as a supervisor, and who is signed out
-- again afterwards. False where an agent was faster, the caller left, or the puller has a call.
local call, agent = call_of(ARGV[3]), agent_of(ARGV[4])
if call.state ~= 'waiting' or agent.state ~= 'offline' then
  return answer(false)
end
agent.queues = ''
agent.next = 'offline'
reserve(call, { agent })
return finish(true)
