-- counts: how many tasks each of up to 500 states of queues holds, the first and the last score, how many are new,
--         and how many lie ahead
-- KEYS    states... zset
-- ARGV    since, until_at
-- gives   {{count, lowest score or false, highest score or false, how many with a score after since, up to until_at,
--         how many with a score after until_at} or false (a key of another type), ...}
local answer = {}
for i, key in ipairs(states) do
    local count = redis.pcall('ZCARD', key)
    if type(count) ~= 'number' then
        answer[i] = false
    elseif count == 0 then
        answer[i] = {0, false, false, 0, 0}
    else
        local lowest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
        local highest = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
        local new = redis.call('ZCOUNT', key, '(' .. since, until_at)
        local ahead = redis.call('ZCOUNT', key, '(' .. until_at, '+inf')
        answer[i] = {count, lowest[2], highest[2], new, ahead}
    end
end
return answer
