-- agent_id.
return answer(agent_view(agent_of(ARGV[3])))
