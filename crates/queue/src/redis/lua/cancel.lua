-- Ends jobs that wait or run: who wants it, then the jobs. Answers whether one was of an unknown place, and which
-- were found.
local found, unknown = {}, 0
for at = first + 1, #ARGV do
  local id = ARGV[at]
  local state = redis.call('HGET', JOBS, id)
  local job = state and whole(state)
  local place = job and number_of(job.queue, job.kind)
  if job and not place then unknown = 1 end
  if place then
    if job.flag == 'r' then
      redis.call('ZREM', LEASES, id)
      redis.call('HINCRBY', RUNNING, job.queue, -1)
    else
      redis.call('ZREM', ready(place), id)
      redis.call('ZREM', later(place), id)
      redis.call('ZREM', waiting(place), id)
    end
    record('cancelled', id, job, counted('cancelled', job.queue, job.kind), '')
    found[#found + 1] = id
  end
end
if #found > 0 then
  redis.call('XADD', ENDED, '*', 'at', micros(now), 'm', '', 'b', ARGV[first], 'c', table.concat(found, ' '))
end
return { unknown, found }
