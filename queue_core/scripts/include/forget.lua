-- A removed task leaves nothing behind, unless another state of its queue still holds the id (a unique task).
local function forget(id, queued, active, scheduled, failed, payload, executions, executions_count)
    local in_error = redis.call('ZSCORE', failed, id)
    if not in_error then
        redis.call('DEL', executions, executions_count)
    end
    if not (in_error or redis.call('ZSCORE', queued, id) or redis.call('ZSCORE', active, id)
            or redis.call('ZSCORE', scheduled, id)) then
        redis.call('DEL', payload)
    end
end
