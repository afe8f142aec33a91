-- Holds jobs for longer: for how long, then each job with its fence. Answers those that are no longer held.
local ids = {}
for at = first + 1, #ARGV, 2 do ids[#ids + 1] = ARGV[at] end
local states = redis.call('HMGET', JOBS, unpack(ids))
local kept, leases, lost = {}, {}, {}
local lease_until = micros(now + ARGV[first])
for i, id in ipairs(ids) do
  local fence = states[i] and string.match(states[i], FENCE)
  if fence == ARGV[first + 2 * i] then
    kept[#kept + 1] = id
    leases[#leases + 1] = lease_until
    leases[#leases + 1] = id
  else
    lost[#lost + 1] = id
    lost[#lost + 1] = ARGV[first + 2 * i]
  end
end
if #kept > 0 then
  -- What is removed first makes room: a lease is kept even when the memory is full.
  redis.call('ZREM', LEASES, unpack(kept))
  redis.call('ZADD', LEASES, unpack(leases))
end
return lost
