-- reschedule: let a task become due at another time      (scheduled | error -> scheduled)
-- KEYS    from zset, scheduled zset, from_names set, scheduled_names set, payload string, recoveries any, audit stream,
--         operation hash, operation_ids list, operation_frozen zset, followed any
-- ARGV    id, queue, state, due_at, payload_before, payload_after, operation_id, act, max_audit_entries, operation_prefix
-- DERIVES operation_prefix .. the operation that followed the task
-- gives   OK | CHANGED (the payload is not payload_before any more; nothing written)
-- refuses TASK_NOT_FOUND (also: as part of an operation, one whose score is not the one that was frozen),
--         PAYLOAD_MISSING, OPERATION_ENDED, ALREADY_THERE (it is in error, and scheduled as well: what recurs, or is
--         unique, has a next run that keeps its time)
-- include queue_names, act, followed
local ended = refuse_ended(operation, operation_id)
if ended then
    return ended
end
local score = redis.call('ZSCORE', from, id)
-- what the operation has shifted already stands in the same state, and is frozen no more
if not score or (operation_id ~= '' and score ~= redis.call('ZSCORE', operation_frozen, id)) then
    return refuse('TASK_NOT_FOUND', id)
end
local present = redis.call('GET', payload)
if not present then
    return refuse('PAYLOAD_MISSING', id)
end
if present ~= payload_before then
    return 'CHANGED'
end
if state ~= 'scheduled' and redis.call('ZSCORE', scheduled, id) then
    return refuse('ALREADY_THERE', id)
end
redis.call('ZREM', from, id)
redis.call('ZADD', scheduled, due_at, id)
drop_if_empty(from, from_names, queue)
redis.call('SADD', scheduled_names, queue)
redis.pcall('HDEL', recoveries, id)
redis.call('SET', payload, payload_after)
if state == 'error' then
    stop_following(followed, operation_prefix, queue, id, 'failed_unknown')
end
if operation_id ~= '' then
    redis.call('ZREM', operation_frozen, id)
end
note_act(audit, operation, operation_ids, operation_id, id, act, max_audit_entries)
return 'OK'
