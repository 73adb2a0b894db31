-- cancel: call off a task that has not started, on an operator's word      (queued | scheduled -> gone)
-- KEYS    from zset, queued zset, active zset, scheduled zset, error zset, from_names set, payload any,
--         executions any, executions_count any, recoveries any, twins any, audit stream, operation hash,
--         operation_ids list, followed any
-- ARGV    id, queue, not_after, operation_id, act, max_audit_entries, operation_prefix
-- DERIVES operation_prefix .. the operation that followed the task
-- gives   OK
-- refuses TASK_NOT_FOUND, OPERATION_ENDED
-- include queue_names, forget, act, remove, followed
local ended = refuse_ended(operation, operation_id)
if ended then
    return ended
end
local score = redis.call('ZSCORE', from, id)
if not score or came_later(score, not_after) then
    return refuse('TASK_NOT_FOUND', id)
end
remove(id, queue, from, from_names)
redis.pcall('HDEL', recoveries, id)
forget(id, queued, active, scheduled, error, payload, executions, executions_count, twins)
stop_following(followed, operation_prefix, queue, id, 'moved_on')
note_act(audit, operation, operation_ids, operation_id, id, act, max_audit_entries)
return 'OK'
