-- Gives back or fails jobs whose lease is over. Answers how many places there are, whether an unknown one was
-- met, how many jobs came back and failed, and which rows of the outbox nobody has marked as gone yet.
local back, failed, unknown = expire(ARGV[first])
local unmarked = redis.call('ZRANGEBYSCORE', RELAYED, '+inf', '+inf', 'LIMIT', 0, 100)
return { redis.call('SCARD', PLACES), unknown, back, failed, unmarked }
