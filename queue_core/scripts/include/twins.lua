local function is_held(id, states)
    for _, state in ipairs(states) do
        if redis.call('ZSCORE', state, id) then
            return true
        end
    end
    return false
end

-- A unique task that has a payload, while no state of this queue holds it, stands in another queue, or has stood there.
-- Both will share the payload, so whoever finishes first must not take it away.
local function note_twin(id, now, payload, twins, states)
    if redis.call('EXISTS', payload) == 1 and not is_held(id, states) then
        redis.pcall('ZADD', twins, now, id)
    end
end
