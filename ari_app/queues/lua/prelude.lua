-- What every script of the queues shares. `queues` (settings by name) and `transitions` stand before this text.
-- ARGV[1] is the asking node, ARGV[2] the time in milliseconds or '' for Redis's own, the command's arguments follow.

local PREFIX = 'hotline:acd:'
local AGENT = PREFIX .. 'agent:'        -- hash: one agent who is signed in
local AGENTS = PREFIX .. 'agents'       -- set: all of them
local READY = PREFIX .. 'ready:'        -- sorted set of a queue: agents by since when they are idle
local CALL = PREFIX .. 'call:'          -- hash: one call in line or with an agent
local LINE = PREFIX .. 'line:'          -- sorted set of a queue: calls not yet with an agent, by priority and joining
local WAITING = PREFIX .. 'waiting:'    -- the same without those being offered: what may be matched
local OFFERED = PREFIX .. 'offered:'    -- set of a node: calls whose offer is open
local DEADLINES = PREFIX .. 'deadlines' -- sorted set: 'agent:<id>' and 'call:<id>' by when the sweep must look
local STAMP = PREFIX .. 'stamp'         -- the last stamp given out

-- Ranks lie this far apart in a score, more than any time in milliseconds until the year 2109; 2048 of them still
-- leave a double exact.
local RANK_STEP = 4398046511104
local LEASE_GRACE_MS = 5000
-- A caller hung up while a phone rang: the agent is free when the phone is silent, at the latest after this.
local GONE_GRACE_MS = 800
local GONE_KEPT_MS = 10000

local node = ARGV[1]
local now
if ARGV[2] == '' then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
else
  now = tonumber(ARGV[2])
end

-- Later than every stamp before, even within one millisecond or after a clock stepped back: who came first is never a
-- matter of luck, and a reservation of a Redis that lost its last writes is never equal to a new one.
local function next_stamp()
  local stamp = math.max(now, tonumber(redis.call('GET', STAMP) or 0) + 1)
  redis.call('SET', STAMP, stamp)
  return stamp
end

local function text(number)
  return string.format('%.0f', number)
end

local function given(value)
  if value == '' or value == false then
    return nil
  end
  return value
end

local function flat(fields)
  local list = {}
  for name, value in pairs(fields) do
    list[#list + 1] = name
    list[#list + 1] = value
  end
  return unpack(list)
end

-- Queues in which somebody joined, came back or became free: `finish` matches them.
local touched = {}
local function touch(queue)
  touched[queue] = true
end

-- Queues whose line changed: `finish` tells those who announce places.
local lines_changed = {}
