-- Which epoch it is. KEYS: where that is kept. ARGV: the run id of the server, something random.
--
-- A server that has been started anew, or has taken over, has another run id than the one that is
-- kept: it may lack what was invalidated last, so that nothing from before may be believed again.
local epoch = redis.call('GET', KEYS[1])
if epoch and string.sub(epoch, 1, #ARGV[1]) == ARGV[1] then return epoch end
epoch = ARGV[1] .. ':' .. ARGV[2]
redis.call('SET', KEYS[1], epoch)
return epoch
