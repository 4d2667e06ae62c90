-- agent_id, call_id. The result is stored of the agent's present call, or of the one that is wrapped up after it: that
-- wrap-up may end. False where it is another call.
local agent = agent_of(ARGV[3])
local wanted = agent.wrapping ~= '' and agent.wrapping or agent.call
if wanted ~= ARGV[4] or (agent.state ~= 'talking' and agent.state ~= 'wrap_up') then
  return answer(false)
end
agent.result = '1'
agent.changed = true
return finish(true)
