-- Takes a lock. KEYS: its hash. ARGV: the owner, for how many milliseconds, a token below the new one, for
-- how many milliseconds the last token is kept. Answers the token, or 0 when somebody has it.
local known = redis.call('HMGET', KEYS[1], 'o', 'u', 't')
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if known[1] and tonumber(known[2]) > now then return 0 end
-- By the clock, so that it is larger also than one that was forgotten.
local token = math.max(now, tonumber(known[3] or '0') + 1, tonumber(ARGV[3]) + 1)
local ends = string.format('%.0f', now + tonumber(ARGV[2]) * 1000)
redis.call('HSET', KEYS[1], 'o', ARGV[1], 'u', ends, 't', string.format('%.0f', token))
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[4])
return token
