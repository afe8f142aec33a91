-- Counts jobs by their tags: of those that wait at a place's queue, or, when no place is given, of those that run.
-- From which time to which, how many to pass over and to look at, then the tags as they stand in the list of a
-- job. Answers how many were looked at, and how many have each tag.
local list = places > 0 and waiting(1) or LEASES
local ids = redis.call('ZRANGEBYSCORE', list, ARGV[first], ARGV[first + 1], 'LIMIT', ARGV[first + 2], ARGV[first + 3])
local answer = { #ids }
for at = first + 4, #ARGV do answer[at - first - 2] = 0 end
if #ids == 0 then return answer end
for _, data in ipairs(redis.call('HMGET', DATA, unpack(ids))) do
  local tags = data and string.match(data, '^[^%z]*%z([^%z]*)%z')
  if tags and tags ~= '[]' then
    for at = first + 4, #ARGV do
      if string.find(tags, ARGV[at], 1, true) then
        answer[at - first - 2] = answer[at - first - 2] + 1
      end
    end
  end
end
return answer
