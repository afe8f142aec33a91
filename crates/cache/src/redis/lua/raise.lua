-- Invalidates. KEYS: an owner's hash. ARGV: the version data, and auth or nothing.
local known = redis.call('HMGET', KEYS[1], 'g', 'a')
-- Without a floor nothing can be raised, but what is being looked up may be too old to make one: the
-- fences fall. Nor may a floor be made here: this may be an earlier version than one whose
-- invalidation has found nothing to raise.
if not known[1] or (ARGV[2] ~= '' and tonumber(ARGV[2]) > tonumber(known[2])) then
  redis.call('DEL', KEYS[1])
  return 0
end
if tonumber(ARGV[1]) > tonumber(known[1]) then redis.call('HSET', KEYS[1], 'g', ARGV[1]) end
return 1
