-- A removed task leaves nothing behind, unless another state of its queue still holds the id (a unique task), or it has
-- a twin in another queue: then the sweeper finds out when the last of them has gone.
local function forget(id, queued, active, scheduled, failed, payload, executions, executions_count, twins)
    -- pcall: what else may lie in that place must keep no task in its state
    if type(redis.pcall('ZSCORE', twins, id)) == 'string' then
        -- a look that is under way may have met this entry; so it has to begin anew
        redis.call('ZINCRBY', twins, 0.001, id)
        return
    end
    local in_error = redis.call('ZSCORE', failed, id)
    if not in_error then
        redis.call('DEL', executions, executions_count)
    end
    if not (in_error or redis.call('ZSCORE', queued, id) or redis.call('ZSCORE', active, id)
            or redis.call('ZSCORE', scheduled, id)) then
        redis.call('DEL', payload)
    end
end
