-- Keeps a value and gives up the turn; without a value only the latter. KEYS: its hash. ARGV: our node, what
-- it is made from, the microsecond it was made at, the value, for how many milliseconds it is kept.
if redis.call('HGET', KEYS[1], 'n') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'w') ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], 'n', 'w', 'u')
if not ARGV[3] then return 1 end
redis.call('HSET', KEYS[1], 'x', ARGV[2], 'm', ARGV[3], 'v', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1
