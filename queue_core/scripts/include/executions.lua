-- A failed run is recorded only for a task that still exists, or the record would outlive it unnoticed.
-- keep: how many of the newest stay; 0 means all.
local function record_execution(payload, executions, executions_count, execution, keep)
    if execution == '' or redis.call('EXISTS', payload) == 0 then
        return
    end
    redis.call('RPUSH', executions, execution)
    if tonumber(keep) > 0 then
        -- a larger number would be written with an exponent, which Redis refuses in the middle of the script
        redis.call('LTRIM', executions, -math.min(math.floor(tonumber(keep)), 1e9), -1)
    end
    local count = tonumber(redis.call('GET', executions_count)) or 0
    redis.call('SET', executions_count, string.format('%.0f', count + 1))
end
