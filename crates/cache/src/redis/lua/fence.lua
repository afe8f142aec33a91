-- Puts up a fence before somebody is looked up. KEYS: an owner's hash. ARGV: who, the fence, how many
-- milliseconds everything about the owner is kept, the era.
-- What was kept in another era may lack what was invalidated last.
if redis.call('HGET', KEYS[1], 'e') ~= ARGV[4] then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'e', ARGV[4], 'f:' .. ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
