local function is_usable(key, wanted)
    local found = redis.call('TYPE', key).ok
    return found == wanted or found == 'none'
end

-- keep: how many of the newest stay; 0 means all.  Where something else lies in the place of the record nothing is
-- written: the task itself must not be stuck for it.
local function record_execution(executions, executions_count, execution, keep)
    if execution == '' or not (is_usable(executions, 'list') and is_usable(executions_count, 'string')) then
        return
    end
    redis.call('RPUSH', executions, execution)
    if tonumber(keep) > 0 then
        -- a larger number would be written with an exponent, which Redis refuses in the middle of the script
        redis.call('LTRIM', executions, -math.min(math.floor(tonumber(keep)), 1e9), -1)
    end
    local count = tonumber(redis.call('GET', executions_count)) or 0
    -- what is no number of runs would never grow, and no retry would be the last
    local is_sound = count >= 0 and count < 1e15
    redis.call('SET', executions_count, string.format('%.0f', (is_sound and count or 0) + 1))
end
