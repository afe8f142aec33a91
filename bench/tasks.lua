-- wrk script: requests by random users of a seeded database. Environment: USERS, MODE.
local users = tonumber(os.getenv("USERS") or "1000")
local mode = os.getenv("MODE") or "list"
local ids = {}

function init(args)
  math.randomseed(tonumber(tostring({}):sub(8), 16) % 2147483647)
  if mode == "get" then
    for line in io.lines(os.getenv("IDS")) do ids[#ids + 1] = line end
  end
end

function request()
  if mode == "get" then
    local user, id = ids[math.random(#ids)]:match("(%S+) (%S+)")
    return wrk.format("GET", "/api/v1/tasks/" .. id, { Cookie = "duly_session=bench-" .. user })
  end
  local headers = { Cookie = "duly_session=bench-" .. math.random(0, users - 1) }
  if mode == "create" then
    headers["Content-Type"] = "application/json"
    headers["Sec-Fetch-Site"] = "same-origin"
    return wrk.format("POST", "/api/v1/tasks", headers, '{"title":"Water the plants","due_date":"2027-05-01"}')
  end
  return wrk.format("GET", "/api/v1/tasks?status=pending,in_progress&limit=15", headers)
end
