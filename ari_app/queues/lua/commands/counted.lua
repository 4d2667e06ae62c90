-- agent_id, since. What was counted of an agent in the hours since a moment.
local missed, wrap_up_ms = 0, 0
local counts = redis.call('HGETALL', COUNTS .. ARGV[3])
for index = 1, #counts, 2 do
  local hour, what = string.match(counts[index], '^(%d+):(.+)$')
  if tonumber(hour) * HOUR_MS >= tonumber(ARGV[4]) then
    if what == 'missed' then
      missed = missed + tonumber(counts[index + 1])
    else
      wrap_up_ms = wrap_up_ms + tonumber(counts[index + 1])
    end
  end
end
return answer({ missed = missed, wrap_up_ms = wrap_up_ms })
