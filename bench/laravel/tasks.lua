-- wrk script: the same requests to Duly and to Laravel, by random users of a seeded database.
-- Environment: SIDE (duly or laravel), PEOPLE (a file with a line for each user: the token, then the
-- ids of tasks), MODE (each, list or mixed), OFFSET (how many requests `each` passes over: it makes two
-- for each user, one for either list).
local sides = {
  duly = { tasks = "/api/v1/tasks", list = "/api/v1/tasks?limit=15", pending = "/api/v1/tasks?limit=15&status=pending", change = "PATCH" },
  laravel = { tasks = "/api/tasks", list = "/api/tasks", pending = "/api/tasks?status=pending", change = "PUT" },
}
local side = sides[os.getenv("SIDE")]
local mode = os.getenv("MODE")
local people = {}
local started = 0
local THREADS = 2

-- Runs once for each thread, before init() in the thread itself.
function setup(thread)
  thread:set("number", started)
  started = started + 1
end

function init()
  math.randomseed(tonumber(tostring({}):sub(8), 16) % 2147483647)
  for line in io.lines(os.getenv("PEOPLE")) do
    local person = { ids = {} }
    for word in line:gmatch("%S+") do
      if person.reads then
        person.ids[#person.ids + 1] = word
      else
        person.reads = { Authorization = "Bearer " .. word, Accept = "application/json" }
        person.writes = { Authorization = "Bearer " .. word, Accept = "application/json", ["Content-Type"] = "application/json" }
      end
    end
    people[#people + 1] = person
  end
end

local asked = 0
local offset = tonumber(os.getenv("OFFSET") or "0")

function request()
  if mode == "each" then
    asked = asked + 1
    local index = (offset + asked * THREADS + number) % (2 * #people)
    return wrk.format("GET", index < #people and side.list or side.pending, people[index % #people + 1].reads)
  end
  local person = people[math.random(#people)]
  local dice = mode == "list" and 1 or math.random(100)
  if dice <= 70 then return wrk.format("GET", side.list, person.reads) end
  if dice <= 80 then return wrk.format("GET", side.pending, person.reads) end
  local task = side.tasks .. "/" .. person.ids[math.random(#person.ids)]
  if dice <= 90 then return wrk.format("GET", task, person.reads) end
  if dice <= 95 then
    return wrk.format("POST", side.tasks, person.writes,
      '{"title":"Water the plants","description":"All of them, also those on the balcony.","status":"pending","due_date":"2027-05-01"}')
  end
  return wrk.format(side.change, task, person.writes, math.random(2) == 1 and '{"status":"in_progress"}' or '{"status":"completed"}')
end
