-- Has a lock last longer. KEYS: its hash. ARGV: the owner, for how many milliseconds from now, for how many
-- milliseconds the last token is kept.
local known = redis.call('HMGET', KEYS[1], 'o', 'u')
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if known[1] ~= ARGV[1] or tonumber(known[2]) <= now then return 0 end
redis.call('HSET', KEYS[1], 'u', string.format('%.0f', now + tonumber(ARGV[2]) * 1000))
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
return 1
