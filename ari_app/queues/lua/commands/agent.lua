-- agent_id.
return answer(agent_of(ARGV[3]))
