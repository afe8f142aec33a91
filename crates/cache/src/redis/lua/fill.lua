-- Keeps an answer and gives up the turn. KEYS: an owner's hash. ARGV: the view, its version, the answer.
local key, view = KEYS[1], ARGV[1]
local floor = tonumber(redis.call('HGET', key, 'g') or 'none')
-- It is shown all the same, so that who was read before must not make an older floor: the fences fall.
if not floor then
  redis.call('DEL', key)
  return 0
end
redis.call('HDEL', key, 'l:' .. view)
local version = tonumber(ARGV[2])
if version < floor then return 0 end
if version > floor then redis.call('HSET', key, 'g', ARGV[2]) end
redis.call('HSET', key, 'n:' .. view, ARGV[2], 'v:' .. view, ARGV[3])
return 1
