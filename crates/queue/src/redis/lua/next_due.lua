-- When the next of these places may have something to do, or a lease may be over. Answers how many places there
-- are, and in how many microseconds; nothing when there is nothing.
local count = redis.call('SCARD', PLACES)
local lease = redis.call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')
local due = tonumber(lease[2])
for at = first, #ARGV do
  local place = tonumber(ARGV[at])
  if redis.call('EXISTS', ready(place)) == 1 then return { count, '0' } end
  local next_one = tonumber(redis.call('ZRANGE', later(place), 0, 0, 'WITHSCORES')[2])
  if next_one and (not due or next_one < due) then due = next_one end
end
if not due then return { count, '' } end
return { count, micros(math.max(0, due - now)) }
