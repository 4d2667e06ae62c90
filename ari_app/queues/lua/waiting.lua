-- Where a call lies that may be matched. Calls that any agent of the queue may take lie in WAITING of the queue; those that
-- need skills at the moment lie apart, by what they need: the match looks at the first of each and never searches.
-- A need is text, 'cantonese=3,english=1', or '' for any agent.

-- Return the steps of the first rule of the queue whose words the caller all brought; none: any agent from the start.
local function steps_of(call)
  for _, rule in ipairs(settings_of(call.queue).rules) do
    local applies = true
    for _, word in ipairs(rule.asks) do
      applies = applies and string.find(',' .. call.asks .. ',', ',' .. word .. ',', 1, true) ~= nil
    end
    if applies then
      return rule.steps
    end
  end
  return {}
end

-- Return what the call needs now, and when that changes.
local function need_now(call)
  local need, changes_at = '', nil
  for _, step in ipairs(steps_of(call)) do
    local from = tonumber(call.joined) + step.after_ms
    if from > now then
      changes_at = from
      break
    end
    need = step.need
  end
  return need, changes_at
end

local function level_in(skills, skill)
  return tonumber(string.match(',' .. skills, ',' .. skill .. '=(%d+)')) or 0
end

local function meets(skills, need)
  for skill, level in string.gmatch(need, '([^,=]+)=(%d+)') do
    if level_in(skills, skill) < tonumber(level) then
      return false
    end
  end
  return true
end

local function bucket_of(call)
  return call.need == '' and WAITING .. call.queue or WAITING .. call.queue .. '~' .. call.need
end

local function leave_bucket(call)
  local bucket = bucket_of(call)
  redis.call('ZREM', bucket, call.id)
  if call.need ~= '' and redis.call('EXISTS', bucket) == 0 then
    redis.call('SREM', NEEDS .. call.queue, call.need)
  end
  if call.armed ~= '' then
    redis.call('ZREM', DEADLINES, 'need:' .. call.id)
    call.armed = ''
    call.changed = true
  end
end

-- Put a waiting call where the match finds it, by what it needs now.
local function enter_bucket(call)
  local need, changes_at = need_now(call)
  call.need = need
  redis.call('ZADD', bucket_of(call), tonumber(call.score), call.id)
  if need ~= '' then
    redis.call('SADD', NEEDS .. call.queue, need)
  end
  if changes_at then
    redis.call('ZADD', DEADLINES, changes_at, 'need:' .. call.id)
    call.armed = changes_at
  end
  call.changed = true
  touch(call.queue)
end
