-- wrk script: requests by random users of a seeded database. Environment: COOKIES, MODE, IDS.
local cookies = {}
local mode = os.getenv("MODE") or "list"
local ids = {}

local count = 0

-- Runs once for each thread, before init() in the thread itself.
function setup(thread)
  thread:set("number", count)
  thread:set("threads", 2)
  count = count + 1
end

function init(args)
  math.randomseed(tonumber(tostring({}):sub(8), 16) % 2147483647)
  for line in io.lines(os.getenv("COOKIES")) do cookies[#cookies + 1] = "duly_session=" .. line end
  if mode == "get" then
    for line in io.lines(os.getenv("IDS")) do ids[#ids + 1] = line end
  end
end

local asked = 0
local offset = tonumber(os.getenv("OFFSET") or "0")

local function each()
  -- Each thread has a part of its own: the threads are told apart by what setup() gives them.
  asked = asked + 1
  local index = (offset + asked * threads + number) % #cookies + 1
  return wrk.format("GET", "/api/v1/tasks?status=pending,in_progress&limit=15", { Cookie = cookies[index] })
end

function request()
  if mode == "each" then return each() end
  if mode == "get" then
    local user, id = ids[math.random(#ids)]:match("(%S+) (%S+)")
    return wrk.format("GET", "/api/v1/tasks/" .. id, { Cookie = cookies[user + 1] })
  end
  local headers = { Cookie = cookies[math.random(#cookies)] }
  if mode == "create" or (mode == "mixed" and math.random(10) == 1) then
    headers["Content-Type"] = "application/json"
    headers["Sec-Fetch-Site"] = "same-origin"
    return wrk.format("POST", "/api/v1/tasks", headers, '{"title":"Water the plants","due_date":"2027-05-01"}')
  end
  return wrk.format("GET", "/api/v1/tasks?status=pending,in_progress&limit=15", headers)
end
