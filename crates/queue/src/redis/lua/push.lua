-- Takes in what stands in the outbox: channel, then for each row its id, the job, its place, whether it may be
-- refused ('' or '1'), whether it is due at once ('' or '1'), when it is due, its position, unique key, lane,
-- priority, attempt, fence, the rest of its state, its data. Answers for each: nothing when it was taken in, who
-- holds its unique key, or a dash when it was taken in before.
local answers, jobs, data = {}, {}, {}
local adds = {}

local function add(key, score, id)
  local list = adds[key]
  if not list then
    list = {}
    adds[key] = list
  end
  list[#list + 1] = score
  list[#list + 1] = id
end

-- Behind all that were due before, and a second behind the last of its owner.
local function in_lane(queue, lane, priority, position, is_fixed)
  local key = queue .. '\0' .. priority .. '\0' .. string.sub(lane, 2)
  local last, count = string.match(redis.call('HGET', LANES, key) or '', '^(%S+) (%d+)$')
  if last and not is_fixed then position = math.max(position, last + 1000000) end
  local furthest = math.max(position, tonumber(last) or position)
  redis.call('HSET', LANES, key, micros(furthest) .. ' ' .. ((tonumber(count) or 0) + 1))
  return position
end

for at = first + 1, #ARGV, 14 do
  local row, id, place = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local unique, lane, priority = ARGV[at + 7], ARGV[at + 8], ARGV[at + 9]
  local queue, kind = string.match(name(place), '^([^%z]*)%z(.*)$')
  local key = unique ~= '' and kind .. '\0' .. string.sub(unique, 2)
  local holder = key and redis.call('HGET', UNIQUE, key)
  local answer = ''
  if redis.call('ZADD', RELAYED, 'NX', '+inf', row) == 0 or redis.call('HEXISTS', JOBS, id) == 1 then
    answer = '-'
  elseif holder and ARGV[at + 3] == '' then
    answer = holder
  else
    local run_at = tonumber(ARGV[at + 5])
    -- The clock of whoever pushed it may be ahead.
    if ARGV[at + 4] == '1' then run_at = math.min(run_at, now) end
    local fixed = tonumber(ARGV[at + 6])
    local position = fixed or stand(priority, run_at)
    if lane ~= '' then position = in_lane(queue, lane, priority, position, fixed) end
    if key and not holder then redis.call('HSET', UNIQUE, key, id) end
    local care = (unique ~= '' or lane ~= '' or ARGV[at + 11] ~= '0') and '1' or '0'
    jobs[#jobs + 1] = id
    jobs[#jobs + 1] = packed({
      flag = 'w', care = care, attempt = ARGV[at + 10], fence = ARGV[at + 11], run_at = micros(run_at),
      position = micros(position), started_at = '', worker = '', tail = ARGV[at + 12]
    })
    data[#data + 1] = id
    data[#data + 1] = ARGV[at + 13]
    add(waiting(place), micros(run_at), id)
    if run_at <= now then
      add(ready(place), micros(position), id)
    else
      add(later(place), micros(run_at), id)
    end
  end
  answers[#answers + 1] = answer
end

if #jobs > 0 then
  redis.call('HSET', JOBS, unpack(jobs))
  redis.call('HSET', DATA, unpack(data))
  for key, list in pairs(adds) do redis.call('ZADD', key, unpack(list)) end
  for place = 1, places do redis.call('SADD', PLACES, name(place)) end
  redis.call('PUBLISH', ARGV[first], '1')
end
return answers
