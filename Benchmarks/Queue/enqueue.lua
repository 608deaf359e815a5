-- wrk … -- BATCH ordered|random: enqueues jobs of 100 bytes, so many in a request. They are due in the order in which
-- they come, after all that is pending; or at random within a day.
local requests, turn = {}, 0

local function job(order)
    local delay = order == "random" and math.random(1, 24 * 60) or 25 * 60
    return string.format('{"body":"%s","delay":%d}', string.rep("x", 100), delay * 60 * 1000)
end

function init(arguments)
    local batch, order = tonumber(arguments[1]), arguments[2]
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    local authorization = os.getenv("AUTHORIZATION") or ""
    if authorization ~= "" then wrk.headers["Authorization"] = authorization end
    for index = 1, order == "random" and math.max(16, 4096 / batch) or 1 do
        local jobs = {}
        for place = 1, batch do jobs[place] = job(order) end
        local text = table.concat(jobs, ",")
        requests[index] = wrk.format(nil, nil, nil, batch > 1 and "[" .. text .. "]" or text)
    end
end

function request()
    turn = turn % #requests + 1
    return requests[turn]
end
