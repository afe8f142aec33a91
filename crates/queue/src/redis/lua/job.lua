-- What all scripts share. KEYS are in the order of `Keys`, then three for each place: a place is a kind of job
-- in a queue. ARGV begins with the time in microseconds (or nothing: then it is the server's), the number of
-- places and their names; what else there is begins at `first`.
local DATA, JOBS, LEASES, UNIQUE, ATTEMPTS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local ENDED, PLACES, LANES, RATES, RELAYED, RUNNING = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]

local places = tonumber(ARGV[2])
local first = places + 3

local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local HOUR = 3600 * 1000000
local KEPT = 20

local function ready(place) return KEYS[9 + 3 * place] end
local function later(place) return KEYS[10 + 3 * place] end
local function waiting(place) return KEYS[11 + 3 * place] end
local function name(place) return ARGV[2 + place] end

-- Which of the places this is; nothing when the caller does not know it.
local numbers
local function number_of(queue, kind)
  if not numbers then
    numbers = {}
    for place = 1, places do numbers[name(place)] = place end
  end
  return numbers[queue .. '\0' .. kind]
end

-- Whole microseconds: by itself Lua would round them.
local function micros(number) return string.format('%.0f', number) end

-- What changes of a job, and the rest in one piece: see `packing.rs`.
local HEAD = '^(.)(.)(%d+)%z(%d+)%z(%-?%d+)%z(%-?%d+)%z(%-?%d*)%z(%x*)%z(.*)$'
local TAIL = '^(%d+)%z(%-?%d*)%z(%-?%d+)%z(%d+)%z([^%z]*)%z([^%z]*)%z([^%z]*)%z(.*)$'

-- The token of whoever runs it.
local FENCE = '^r.%d+%z(%d+)'

local function head(state)
  local job = {}
  job.flag, job.care, job.attempt, job.fence, job.run_at, job.position, job.started_at, job.worker, job.tail =
    string.match(state, HEAD)
  return job
end

local function whole(state)
  local job = head(state)
  job.tries, job.retry_until, job.priority, job.base, job.queue, job.kind, job.lane, job.unique =
    string.match(job.tail, TAIL)
  return job
end

local function packed(job)
  return table.concat({
    job.flag .. job.care .. job.attempt, job.fence, job.run_at, job.position, job.started_at, job.worker, job.tail
  }, '\0')
end

-- Where a job stands whose turn is then.
local function stand(priority, turn)
  if priority == '-1' then return turn - HOUR end
  if priority == '1' then return turn + HOUR end
  return turn
end

-- Lets a job wait that nobody holds.
local function wait(id, job, run_at, place)
  job.flag = 'w'
  job.run_at = micros(run_at)
  job.position = micros(stand(job.priority, run_at))
  redis.call('HSET', JOBS, id, packed(job))
  redis.call('ZADD', waiting(place), job.run_at, id)
  if run_at <= now then
    redis.call('ZADD', ready(place), job.position, id)
  else
    redis.call('ZADD', later(place), job.run_at, id)
  end
end

-- Notes how an attempt ended and what it logged, and forgets those that are too many.
local SEVEN = '^' .. string.rep('[^%z]*%z', 7) .. '(.*)$'
local function note(id, job, outcome, reason, log)
  local before = redis.call('HGET', ATTEMPTS, id) or ''
  local _, marks = string.gsub(before, '%z', '')
  if marks >= 7 * KEPT then before = string.match(before, SEVEN) end
  local said = reason .. '\1' .. (log or '')
  local attempt = { job.fence, job.attempt, job.started_at, micros(now), outcome, job.worker, said, '' }
  redis.call('HSET', ATTEMPTS, id, before .. table.concat(attempt, '\0'))
end

-- What is counted: how long jobs waited and ran is said by the worker, for those that ended as it said.
local function counted(what, queue, kind, times)
  return what .. '\0' .. queue .. '\0' .. kind .. '\0' .. (times or '\0\0')
end

-- Gives back what a job held while it waited or ran.
local function leave(id, job)
  if job.unique ~= '' then
    local key = job.kind .. '\0' .. string.sub(job.unique, 2)
    if redis.call('HGET', UNIQUE, key) == id then redis.call('HDEL', UNIQUE, key) end
  end
  if job.lane ~= '' then
    local key = job.queue .. '\0' .. job.priority .. '\0' .. string.sub(job.lane, 2)
    local last, count = string.match(redis.call('HGET', LANES, key) or '', '^(%S+) (%d+)$')
    if last and tonumber(count) > 1 then
      redis.call('HSET', LANES, key, last .. ' ' .. (count - 1))
    elseif last then
      redis.call('HDEL', LANES, key)
    end
  end
end

-- Ends a job that is to be recorded: with all that is known of it.
local function record(what, id, job, counts, reason)
  redis.call('XADD', ENDED, '*', 'at', micros(now), 'm', counts, 'k', what, 'i', id, 's', packed(job),
    'd', redis.call('HGET', DATA, id) or '', 'a', redis.call('HGET', ATTEMPTS, id) or '', 'e', reason)
  redis.call('HDEL', JOBS, id)
  redis.call('HDEL', DATA, id)
  redis.call('HDEL', ATTEMPTS, id)
  leave(id, job)
end

-- Jobs whose lease is over come back at once if they may be tried again. If not, they fail. Answers how many of
-- each, and whether there was one of a place that the caller does not know.
local function expire(reason)
  local over = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, 500)
  local back, failed, unknown = 0, 0, 0
  if #over == 0 then return back, failed, unknown end
  local states = redis.call('HMGET', JOBS, unpack(over))
  local counts = {}
  for i, id in ipairs(over) do
    local job = states[i] and whole(states[i])
    local place = job and number_of(job.queue, job.kind)
    if not job then
      redis.call('ZREM', LEASES, id)
    elseif not place then
      unknown = 1
    else
      redis.call('ZREM', LEASES, id)
      redis.call('HINCRBY', RUNNING, job.queue, -1)
      note(id, job, 'expired', reason)
      local may = tonumber(job.attempt) < tonumber(job.tries)
      if may and (job.retry_until == '' or now <= tonumber(job.retry_until)) then
        counts[#counts + 1] = counted('expired', job.queue, job.kind)
        wait(id, job, now, place)
        back = back + 1
      else
        local both = counted('expired', job.queue, job.kind) .. counted('failed', job.queue, job.kind)
        record('failed', id, job, both, reason)
        failed = failed + 1
      end
    end
  end
  if #counts > 0 then redis.call('XADD', ENDED, '*', 'at', micros(now), 'm', table.concat(counts)) end
  return back, failed, unknown
end
