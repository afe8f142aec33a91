-- Takes out waiting jobs that are as they were when they were read: each job with its state. Answers how many.
local number = 0
for at = first, #ARGV, 2 do
  local id = ARGV[at]
  local job = whole(ARGV[at + 1])
  local place = number_of(job.queue, job.kind)
  if place and job.flag == 'w' and redis.call('HGET', JOBS, id) == ARGV[at + 1] then
    redis.call('ZREM', ready(place), id)
    redis.call('ZREM', later(place), id)
    redis.call('ZREM', waiting(place), id)
    redis.call('HDEL', JOBS, id)
    redis.call('HDEL', DATA, id)
    redis.call('HDEL', ATTEMPTS, id)
    leave(id, job)
    number = number + 1
  end
end
return number
