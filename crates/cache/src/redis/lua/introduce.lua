-- Keeps who somebody is. KEYS: an owner's hash. ARGV: who, the fence, the record, the versions data and
-- auth it was read at, how many milliseconds everything about the owner is kept, the era.
local key, who = KEYS[1], ARGV[1]
local known = redis.call('HMGET', key, 'g', 'a', 'f:' .. who, 'e')
if known[3] ~= ARGV[2] or known[4] ~= ARGV[7] then return 0 end
redis.call('HDEL', key, 'f:' .. who)
local data, auth = tonumber(ARGV[4]), tonumber(ARGV[5])
local floor, rights = tonumber(known[1] or 'none'), tonumber(known[2] or 'none')
if floor and auth < rights then return 0 end
if floor and auth > rights then redis.call('DEL', key) end
if not floor or auth > rights then redis.call('HSET', key, 'a', ARGV[5]) end
if not floor or data > floor then floor = data end
redis.call('HSET', key, 'e', ARGV[7], 'g', string.format('%d', floor), 's:' .. who, ARGV[3])
-- From its beginning and not anew with each use, so that what nobody asks for any more goes.
if not known[1] or auth > rights then redis.call('PEXPIRE', key, ARGV[6]) end
return 1
