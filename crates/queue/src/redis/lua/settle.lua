-- Stores how attempts ended: for each the job, its fence, its place, what became of it, after how many
-- microseconds it may come back, how long it waited and ran, why it failed, what it logged. Answers what that did, a letter for
-- each, and how much there is to be recorded.
-- Of many that are done at once, and while much is to be recorded, SQL keeps a part.
local sample = redis.call('XLEN', ENDED) < 16 and 16 or 1
local ids = {}
for at = first, #ARGV, 8 do ids[#ids + 1] = ARGV[at] end
local states = redis.call('HMGET', JOBS, unpack(ids))
local answers, counts, seen, freed = {}, {}, {}, {}
local done, done_states, done_logs, forget = {}, {}, {}, {}

-- Lets the job of an attempt wait again, or ends it.
local function come_back(id, job, place, outcome, after, times, reason, log)
  local run_at = now + after
  local is_late = job.retry_until ~= '' and run_at > tonumber(job.retry_until)
  if outcome == 'F' or (outcome == 'R' and (tonumber(job.attempt) >= tonumber(job.tries) or is_late)) then
    note(id, job, 'failed', reason, log)
    record('failed', id, job, counted('failed', job.queue, job.kind, times), reason)
    return 'F'
  end
  if outcome == 'R' then
    note(id, job, 'retried', reason, log)
    counts[#counts + 1] = counted('retried', job.queue, job.kind, times)
    wait(id, job, run_at, place)
  else
    note(id, job, 'released', '', log)
    counts[#counts + 1] = counted('released', job.queue, job.kind)
    job.attempt = job.attempt - 1
    wait(id, job, now, place)
  end
  return outcome
end

for i, id in ipairs(ids) do
  local at = first + 8 * (i - 1)
  local state = not seen[id] and states[i]
  local fence = state and string.match(state, FENCE)
  local place, outcome = tonumber(ARGV[at + 2]), ARGV[at + 3]
  if fence ~= ARGV[at + 1] then
    outcome = '-'
  else
    seen[id] = true
    freed[place] = (freed[place] or 0) + 1
    if outcome == 'D' then
      done[#done + 1] = id
      done_states[#done_states + 1] = state
      done_logs[#done_logs + 1] = ARGV[at + 7]
      counts[#counts + 1] = 'done\0' .. name(place) .. '\0' .. ARGV[at + 5]
    else
      redis.call('ZREM', LEASES, id)
      local after, times, reason, log = tonumber(ARGV[at + 4]), ARGV[at + 5], ARGV[at + 6], ARGV[at + 7]
      outcome = come_back(id, whole(state), place, outcome, after, times, reason, log)
    end
  end
  answers[i] = outcome
end

local entry = { 'at', micros(now), 'm', table.concat(counts) }
if #done > 0 then
  local sampled = {}
  for i = 1, #done, math.ceil(#done / sample) do
    sampled[done[i]] = true
    for _, part in ipairs({
      'k', 'done', 'i', done[i], 's', done_states[i], 'd', redis.call('HGET', DATA, done[i]) or '',
      'a', redis.call('HGET', ATTEMPTS, done[i]) or '', 'l', done_logs[i], 'e', ''
    }) do entry[#entry + 1] = part end
  end
  redis.call('ZREM', LEASES, unpack(done))
  for i, id in ipairs(done) do
    if string.sub(done_states[i], 2, 2) == '1' then
      local job = whole(done_states[i])
      leave(id, job)
      if job.base ~= '0' and not sampled[id] then forget[#forget + 1] = id end
    end
  end
  redis.call('HDEL', JOBS, unpack(done))
  redis.call('HDEL', DATA, unpack(done))
  redis.call('HDEL', ATTEMPTS, unpack(done))
end
for place, number in pairs(freed) do
  redis.call('HINCRBY', RUNNING, string.match(name(place), '^[^%z]*'), -number)
end
if #counts > 0 then
  if #forget > 0 then
    entry[#entry + 1] = 'f'
    entry[#entry + 1] = table.concat(forget, ' ')
  end
  redis.call('XADD', ENDED, '*', unpack(entry))
end
return { table.concat(answers), redis.call('XLEN', ENDED) }
