-- Who loads a value. KEYS: its hash. ARGV: our node, what it will be made from, the microsecond before
-- which one was made too early, for how many milliseconds it is somebody's turn. Answers the stored value,
-- 1: ours, or 0: another's.
local key = KEYS[1]
local known = redis.call('HMGET', key, 'n', 'w', 'u', 'x', 'm')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local loading = known[3] and tonumber(known[3]) > now
if not (loading and known[1] == ARGV[1]) then
  if known[4] == ARGV[2] and tonumber(known[5]) >= tonumber(ARGV[3]) then return redis.call('HGET', key, 'v') end
  -- What others make from something else is of no use to us.
  if loading and known[2] == ARGV[2] then return 0 end
end
redis.call('HSET', key, 'n', ARGV[1], 'w', ARGV[2], 'u', string.format('%d', now + tonumber(ARGV[4])))
if redis.call('PTTL', key) < tonumber(ARGV[4]) then redis.call('PEXPIRE', key, ARGV[4]) end
return 1
