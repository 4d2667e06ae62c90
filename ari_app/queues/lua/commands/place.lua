-- call_id. Where the caller stands.
local call = call_of(ARGV[3])
if not in_line(call) then
  return answer(nil)
end
return answer(place(call))
