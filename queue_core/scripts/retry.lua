-- retry: run a failed task again, on an operator's word      (error -> queued)
-- KEYS    error zset, queued zset, error_names set, queued_names set, payload string, executions_count string,
--         recoveries hash, audit stream, operation hash, operation_ids list, activity channel
-- ARGV    id, queue, now, fresh_budget, not_after, operation_id, act, max_audit_entries
-- gives   OK
-- refuses TASK_NOT_FOUND, PAYLOAD_MISSING, OPERATION_ENDED
-- include queue_names, act
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
redis.call('HDEL', recoveries, id)
if fresh_budget == '1' then
    redis.call('DEL', executions_count)
end
redis.call('ZADD', queued, now, id)
redis.call('SADD', queued_names, queue)
note_act(audit, operation, operation_ids, operation_id, id, act, max_audit_entries)
redis.call('PUBLISH', activity, queue)
return 'OK'
