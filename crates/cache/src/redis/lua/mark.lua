-- The mark of a group before a load, or a new one. KEYS: where it is kept. ARGV: a new one, for how many
-- milliseconds it is kept from now on: longer than any value.
local mark = redis.call('GET', KEYS[1])
if mark then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return mark
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
