-- The mark of a group before a load, or a new one. KEYS: where it is kept. ARGV: a new one, for how many
-- milliseconds it is kept from now on: longer than any value; the era, with which a mark begins.
local mark = redis.call('GET', KEYS[1])
if mark and string.sub(mark, 1, #ARGV[3] + 1) == ARGV[3] .. ':' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return mark
end
mark = ARGV[3] .. ':' .. ARGV[1]
redis.call('SET', KEYS[1], mark, 'PX', ARGV[2])
return mark
