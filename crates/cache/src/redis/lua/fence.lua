-- Puts up a fence before somebody is looked up. KEYS: an owner's hash. ARGV: who, the fence, how many
-- milliseconds everything about the owner is kept.
redis.call('HSET', KEYS[1], 'f:' .. ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
