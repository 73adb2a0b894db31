-- whereabouts: in how many of some queues each of some tasks stands
-- KEYS    states... zset
-- ARGV    ids...
-- where   states: queued, active, scheduled and error of one queue after the other; at most 100 x 20
-- gives   {number of queues, ...} in the order of the ids
local answer = {}
for i, id in ipairs(ids) do
    local queues = 0
    for first = 1, #states, 4 do
        for key = first, first + 3 do
            if type(redis.pcall('ZSCORE', states[key], id)) == 'string' then
                queues = queues + 1
                break
            end
        end
    end
    answer[i] = queues
end
return answer
