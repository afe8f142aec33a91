-- Gives a lock back; its last token stays. KEYS: its hash. ARGV: the owner.
local known = redis.call('HMGET', KEYS[1], 'o', 'u')
local time = redis.call('TIME')
if known[1] ~= ARGV[1] or tonumber(known[2]) <= time[1] * 1000000 + time[2] then return 0 end
redis.call('HDEL', KEYS[1], 'o', 'u')
return 1
