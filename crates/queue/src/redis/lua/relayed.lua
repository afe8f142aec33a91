-- These rows are gone from the outbox. Nobody who has read them pushes them after ten minutes.
local marks = {}
for at = first, #ARGV do
  marks[#marks + 1] = micros(now)
  marks[#marks + 1] = ARGV[at]
end
-- What is removed first makes room, so that the rest is done even when the memory is full.
redis.call('ZREMRANGEBYSCORE', RELAYED, '-inf', now - 600 * 1000000)
if #marks > 0 then redis.call('ZADD', RELAYED, 'XX', unpack(marks)) end
return 1
