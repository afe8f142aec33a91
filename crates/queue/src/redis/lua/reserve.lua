-- Takes due jobs: how many at most, how long they are held, by whom, what is said of those whose lease is over;
-- then queue by queue its name, how many at most, the number of its places without a rate and these, the number
-- of those with one and each with the name of the rate, how long one job keeps the next one waiting and how long
-- a burst does, in nanoseconds. Answers how many places there are, whether an unknown one was met, and the jobs:
-- of each its id, its state and its data.
local at = first - 1
local function following()
  at = at + 1
  return ARGV[at]
end
local function following_number() return tonumber(following()) end

local left, lease, worker = following_number(), following_number(), following()
local _, _, unknown = expire(following())
local answer = {}

-- What is due since the last look.
local function promote(place)
  local due = redis.call('ZRANGEBYSCORE', later(place), '-inf', now, 'LIMIT', 0, 500)
  if #due == 0 then return end
  local states = redis.call('HMGET', JOBS, unpack(due))
  redis.call('ZREM', later(place), unpack(due))
  local adds = {}
  for i, id in ipairs(due) do
    if states[i] then
      adds[#adds + 1] = head(states[i]).position
      adds[#adds + 1] = id
    end
  end
  if #adds > 0 then redis.call('ZADD', ready(place), unpack(adds)) end
end

-- The first of these places, all in one order.
local function take(from, count)
  local found, sources = {}, 0
  for _, place in ipairs(from) do
    local some = redis.call('ZRANGE', ready(place), 0, count - 1, 'WITHSCORES')
    if #some > 0 then sources = sources + 1 end
    for i = 1, #some, 2 do found[#found + 1] = { tonumber(some[i + 1]), some[i], place } end
  end
  if sources > 1 then
    table.sort(found, function(one, other)
      if one[1] ~= other[1] then return one[1] < other[1] end
      return one[2] < other[2]
    end)
  end
  local chosen, by_place = {}, {}
  for i = 1, math.min(count, #found) do
    local id, place = found[i][2], found[i][3]
    chosen[i] = id
    by_place[place] = by_place[place] or {}
    table.insert(by_place[place], id)
  end
  for place, ids in pairs(by_place) do
    redis.call('ZREM', waiting(place), unpack(ids))
    redis.call('ZREMRANGEBYRANK', ready(place), 0, #ids - 1)
  end
  return chosen
end

-- How many may start by the generic cell rate algorithm, and when the next one could if there were no bursts.
local function allowed(rate, interval, per, wanted)
  local next_at = math.max(now, tonumber(redis.call('HGET', RATES, rate)) or now)
  local room = math.floor(math.max(0, per - (next_at - now) * 1000) / interval)
  local number = math.min(wanted, room)
  return number, micros(next_at + number * interval / 1000)
end

-- Raises attempt and fence: from here on a crash counts. Written out, because it is done for every job.
local TAKEN = '^.(.)(%d+)%z(%d+)%z(%-?%d+%z%-?%d+%z)%-?%d*%z%x*%z(.*)$'
local mine = micros(now) .. '\0' .. worker .. '\0'
local lease_until = micros(now + lease)
local function hold(queue, ids)
  if #ids == 0 then return end
  local states, data = redis.call('HMGET', JOBS, unpack(ids)), redis.call('HMGET', DATA, unpack(ids))
  local jobs, leases = {}, {}
  for i, id in ipairs(ids) do
    if states[i] and data[i] then
      local care, attempt, fence, times, tail = string.match(states[i], TAKEN)
      local state = 'r' .. care .. (attempt + 1) .. '\0' .. (fence + 1) .. '\0' .. times .. mine .. tail
      jobs[#jobs + 1] = id
      jobs[#jobs + 1] = state
      leases[#leases + 1] = lease_until
      leases[#leases + 1] = id
      answer[#answer + 1] = id
      answer[#answer + 1] = state
      answer[#answer + 1] = data[i]
    end
  end
  if #jobs == 0 then return end
  redis.call('HSET', JOBS, unpack(jobs))
  redis.call('ZADD', LEASES, unpack(leases))
  redis.call('HINCRBY', RUNNING, queue, #jobs / 2)
end

while at < #ARGV do
  local queue, share = following(), math.min(left, following_number())
  local from = {}
  for i = 1, following_number() do
    from[i] = following_number()
    promote(from[i])
  end
  local taken = share > 0 and take(from, share) or {}
  hold(queue, taken)
  share = share - #taken
  left = left - #taken
  for _ = 1, following_number() do
    local place, rate, interval, per = following_number(), following(), following_number(), following_number()
    promote(place)
    local wanted = math.min(share, redis.call('ZCARD', ready(place)))
    local number, next_at = allowed(rate, interval, per, wanted)
    if number > 0 then
      hold(queue, take({ place }, number))
      redis.call('HSET', RATES, rate, next_at)
      share = share - number
      left = left - number
    end
  end
end
return { redis.call('SCARD', PLACES), unknown, answer }
