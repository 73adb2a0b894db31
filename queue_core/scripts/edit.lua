-- edit: accept a changed copy of a task as a new one, on an operator's word      (gone -> queued)
-- KEYS    payload string, queued zset, active zset, scheduled zset, error zset, queued_names set, audit stream,
--         activity channel
-- ARGV    id, original_id, queue, payload_json, now, max_queue_size, act, max_audit_entries, publish
-- gives   OK
-- refuses TASK_NOT_FOUND (the original is not in this queue), ALREADY_THERE (the new one has a payload), QUEUE_FULL
-- include twins, admit, wake
if not is_held(original_id, {queued, active, scheduled, error}) then
    return refuse('TASK_NOT_FOUND', original_id)
end
if redis.call('EXISTS', payload) == 1 then
    return refuse('ALREADY_THERE', id)
end
if is_full(max_queue_size, queued, active, scheduled) then
    return refuse('QUEUE_FULL', queue)
end
redis.call('SET', payload, payload_json)
redis.call('ZADD', queued, now, id)
redis.call('SADD', queued_names, queue)
redis.call('XADD', audit, 'MAXLEN', '~', max_audit_entries, '*', 'act', act)
wake(activity, queue, publish)
return 'OK'
