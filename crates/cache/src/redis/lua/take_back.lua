-- Takes back a request that was counted. KEYS: the count of the window that it was counted in, which may
-- be over by now.
if tonumber(redis.call('GET', KEYS[1]) or '0') < 1 then return 0 end
return redis.call('DECR', KEYS[1])
