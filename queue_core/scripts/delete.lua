-- delete: remove a task, on an operator's word, to the trash or for good      (error | queued | scheduled -> gone)
-- KEYS    from zset, queued zset, active zset, scheduled zset, error zset, from_names set, payload any,
--         executions any, executions_count any, recoveries any, twins any, audit stream, operation hash,
--         operation_ids list, trash zset, trash_index hash, trash_bytes string, followed any
-- ARGV    id, queue, state, not_after, operation_id, act, max_audit_entries, entry_id, trashed_at, trash_seconds,
--         trash_record, trash_prefix, operation_prefix
-- DERIVES trash_prefix .. a kind, `:` and the entry, queue or operation; operation_prefix .. the operation that followed
--         the task
-- where   entry_id: its name in the trash; empty: it goes for good
-- gives   OK | KEPT (in the trash)
-- refuses TASK_NOT_FOUND, OPERATION_ENDED
-- include queue_names, forget, act, remove, twins, trash, followed
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
local bin = {
    entries = trash, index = trash_index, bytes = trash_bytes, prefix = trash_prefix, at = trashed_at,
    seconds = trash_seconds, record = trash_record,
}
local task = {
    id = id, queue = queue, state = state, score = score, operation_id = operation_id, payload = payload,
    executions = executions, executions_count = executions_count,
}
local kept = throw_away(bin, entry_id, task, {queued, active, scheduled, error}, error, twins)
forget(id, queued, active, scheduled, error, payload, executions, executions_count, twins)
stop_following_from(state, followed, operation_prefix, queue, id)
note_act(audit, operation, operation_ids, operation_id, id, act, max_audit_entries)
return kept and 'KEPT' or 'OK'
