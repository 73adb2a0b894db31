-- retry: run a failed task again, on an operator's word      (error -> queued)
-- KEYS    error zset, queued zset, error_names set, queued_names set, payload string, executions_count string,
--         recoveries any, audit stream, operation hash, operation_ids list, operation_released zset,
--         followed any, activity channel
-- ARGV    id, queue, now, fresh_budget, not_after, operation_id, act, max_audit_entries, operation_prefix, max_followed,
--         publish
-- DERIVES operation_prefix .. the operation that followed the task
-- gives   OK
-- refuses TASK_NOT_FOUND, PAYLOAD_MISSING, OPERATION_ENDED
-- include queue_names, act, wake, followed
local ended = refuse_ended(operation, operation_id)
if ended then
    return ended
end
local score = redis.call('ZSCORE', error, id)
if not score or came_later(score, not_after) then
    return refuse('TASK_NOT_FOUND', id)
end
if redis.call('EXISTS', payload) == 0 then
    return refuse('PAYLOAD_MISSING', id)
end
redis.call('ZREM', error, id)
drop_if_empty(error, error_names, queue)
redis.pcall('HDEL', recoveries, id)
if fresh_budget == '1' then
    redis.call('DEL', executions_count)
end
-- nobody has read yet with which error it failed again
stop_following(followed, operation_prefix, queue, id, 'failed_unknown')
local due_at = now
local is_canary = operation_id ~= '' and redis.call('HGET', operation, 'canary') == 'waiting'
if is_canary then
    -- a canary behind a backlog would answer too late
    local first = redis.call('ZRANGE', queued, 0, 0, 'WITHSCORES')[2]
    due_at = math.max(0, math.min(tonumber(now), (tonumber(first) or now) - 1))
    redis.call('ZADD', operation_released, now, id)
end
redis.call('ZADD', queued, due_at, id)
redis.call('SADD', queued_names, queue)
if operation_id ~= '' then
    follow(followed, operation, operation_id, queue, id, now, is_canary and math.huge or tonumber(max_followed))
end
note_act(audit, operation, operation_ids, operation_id, id, act, max_audit_entries)
wake(activity, queue, publish)
return 'OK'
