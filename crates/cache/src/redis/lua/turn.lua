-- Who loads an answer. KEYS: an owner's hash. ARGV: the view, the version it has to be of at least, for
-- how many milliseconds it is somebody's turn. Answers the stored answer, 1: ours, or 0: another's.
local key, view = KEYS[1], ARGV[1]
local known = redis.call('HMGET', key, 'g', 'n:' .. view, 'l:' .. view)
local floor, stored = tonumber(known[1] or 'none'), tonumber(known[2] or 'none')
if not floor then return 1 end
if stored and stored >= floor and stored >= tonumber(ARGV[2]) then return redis.call('HGET', key, 'v:' .. view) end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if known[3] and tonumber(known[3]) > now then return 0 end
redis.call('HSET', key, 'l:' .. view, string.format('%d', now + tonumber(ARGV[3])))
return 1
