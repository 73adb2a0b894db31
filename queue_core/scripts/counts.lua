-- counts: how many tasks each of up to 500 states of queues holds, with the first and the last score
-- KEYS    states... zset
-- ARGV
-- gives   {{count, lowest score or false, highest score or false} or false (a key of another type), ...}
local answer = {}
for i, key in ipairs(states) do
    local count = redis.pcall('ZCARD', key)
    if type(count) ~= 'number' then
        answer[i] = false
    elseif count == 0 then
        answer[i] = {0, false, false}
    else
        local lowest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
        local highest = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
        answer[i] = {count, lowest[2], highest[2]}
    end
end
return answer
