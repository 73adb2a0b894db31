-- Whether an enqueue that is repeated has happened already: a payload exists exactly while some state holds the id.
local function known(payload, remembered)
    return redis.call('EXISTS', payload, remembered) > 0
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
