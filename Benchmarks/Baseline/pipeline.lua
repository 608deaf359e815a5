-- wrk -t1 -c1 -d1h -s pipeline.lua URL -- COUNT: sixty-four requests at a time. Measures and ends by itself: beyond a
-- million requests a second on one connection wrk's own statistics never come to an end.
local ffi = require("ffi")
ffi.cdef [[
  struct instant { long seconds, nanoseconds; };
  int clock_gettime(int clock, struct instant *time);
]]

local depth, warmup = 64, 2000
local requests, rounds, called = nil, 0, 0
local cost, start

local function now()
  local time = ffi.new("struct instant")
  ffi.C.clock_gettime(1, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

init = function(arguments)
  requests = string.rep(wrk.format("GET", "/"), depth)
  rounds = math.floor(tonumber(arguments[1]) / depth)
end

-- Called when everything before has been answered.
request = function()
  if called == warmup then
    cost, start = os.clock(), now()
  elseif called == warmup + rounds then
    local total = rounds * depth
    io.write(string.format("%f %f 0\n", (os.clock() - cost) * 1e6 / total, total / (now() - start)))
    os.exit(0)
  end
  called = called + 1
  return requests
end
