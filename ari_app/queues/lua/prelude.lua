-- What every step of the queues shares. `queues` and `usual_settings` and `transitions` stand before this text.
-- All of it is one library, set up once when Redis loads it; what belongs to one step is set by `begin`.
-- ARGV[1] is the asking node, ARGV[2] the time in milliseconds or '' for Redis's own, the step's arguments follow.

local PREFIX = 'hotline:acd:'
local AGENT = PREFIX .. 'agent:'        -- hash: one agent who is signed in
local AGENTS = PREFIX .. 'agents'       -- set: all of them
local READY = PREFIX .. 'ready:'        -- sorted set of a queue: ready agents in the order of its strategy
local CALL = PREFIX .. 'call:'          -- hash: one call in line or with an agent
local LINE = PREFIX .. 'line:'          -- sorted set of a queue: calls not yet with an agent, by priority and joining
local WAITING = PREFIX .. 'waiting:'    -- the same without those being offered: what may be matched; apart by need
local HELD = PREFIX .. 'held:'          -- sorted set of an agent: calls that wait for this agent alone
local OLDEST = PREFIX .. 'oldest:'      -- sorted set of a queue: the calls of LINE by joining
local NEEDS = PREFIX .. 'needs:'        -- set of a queue: what the calls need that lie apart
local OFFERED = PREFIX .. 'offered:'    -- set of a node: calls whose offer is open
local DEADLINES = PREFIX .. 'deadlines' -- sorted set: 'agent:<id>', 'call:<id>', 'need:<id>' by when the sweep must look
local FACTS = PREFIX .. 'facts'         -- stream: what happened, until a process has stored it in the database
local STAMP = PREFIX .. 'stamp'         -- the last stamp given out

-- More than any time in milliseconds until the year 2109; 2048 times this still leaves a double exact.
local RANK_STEP = 4398046511104
local LEASE_GRACE_MS = 5000
-- A caller hung up while a phone rang: the agent is free when the phone is silent, at the latest after this.
local GONE_GRACE_MS = 800
local GONE_KEPT_MS = 10000
-- While the database is away; each fact has some 300 bytes.
local FACTS_KEPT = 200000

-- Of one step:
local node, now
local agents, calls         -- those read, by id, with the changes that `finish` writes
local touched               -- queues with a new caller or a free agent: `finish` matches them
local touched_agents        -- ready agents with a new caller of their own
local newly_ready           -- agents who became ready in this step and are not in the ready sets yet
local lines_changed         -- queues with changed places: `finish` publishes them
local own_offers            -- offers for calls of the asking node
local last_stamp, new_stamp

local function begin(arguments)
  node = arguments[1]
  if arguments[2] == '' then
    local time = redis.call('TIME')
    now = time[1] * 1000 + math.floor(time[2] / 1000)
  else
    now = tonumber(arguments[2])
  end
  agents, calls, touched, lines_changed, own_offers, newly_ready, touched_agents = {}, {}, {}, {}, {}, {}, {}
  last_stamp, new_stamp = nil, nil
end

-- Return a stamp later than all before, also within one millisecond and after a clock stepped back: the order of joining
-- is always exact, and a reservation from before a loss of data never equals a new one.
local function next_stamp()
  last_stamp = last_stamp or tonumber(redis.call('GET', STAMP) or 0)
  last_stamp = math.max(now, last_stamp + 1)
  new_stamp = last_stamp
  return last_stamp
end

-- A queue taken out of the file while calls wait in it is served to its end, by the usual settings.
local function settings_of(queue)
  return queues[queue] or usual_settings
end

-- A whole number, whatever its size: Lua's own way shows 14 digits. Redis's commands take numbers as they are.
local function text(number)
  return string.format('%.0f', number)
end

local function given(value)
  if value == '' or value == false then
    return nil
  end
  return value
end

-- Only the fields that are not as they were read.
local function write_changes(key, fields, record)
  local list, count = {}, 0
  for index, field in ipairs(fields) do
    local value = record[field]
    if value ~= record.stored[index] then
      list[count + 1], list[count + 2] = field, value
      count = count + 2
    end
  end
  if count > 0 then
    redis.call('HSET', key, unpack(list))
  end
end

-- Keep a fact of this step. It is part of the step: neither is there without the other.
local function keep_fact(kind, fields)
  fields.at_ms = now
  redis.call('XADD', FACTS, 'MAXLEN', '~', FACTS_KEPT, '*', kind, cjson.encode(fields))
end

local function touch(queue)
  touched[queue] = true
end
