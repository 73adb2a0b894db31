-- The server's time with microseconds, as text: it is written as a score and compared as a number.
local function server_now()
    local time = redis.call('TIME')
    return string.format('%s.%06d', time[1], tonumber(time[2]))
end
