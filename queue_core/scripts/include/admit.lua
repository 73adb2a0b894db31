-- Whether an enqueue that is repeated has happened already: a payload exists exactly while some state holds the id, but
-- that of a unique task may belong to another queue.
local function known(id, unique, payload, remembered, states)
    if redis.call('EXISTS', remembered) == 1 then
        return true
    elseif unique == '1' then
        return is_held(id, states)
    end
    return redis.call('EXISTS', payload) == 1
end

-- A limit of 0 is none.
local function is_full(max_queue_size, queued, active, scheduled)
    local limit = tonumber(max_queue_size)
    return limit > 0
        and redis.call('ZCARD', queued) + redis.call('ZCARD', active) + redis.call('ZCARD', scheduled) >= limit
end

local function remember(remembered, seconds)
    if tonumber(seconds) > 0 then
        redis.call('SET', remembered, '1', 'EX', seconds)
    end
end
