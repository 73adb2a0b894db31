-- purge: remove the oldest tasks of a state, those with a score up to a moment      (error | queued | scheduled -> gone)
-- KEYS    from zset, queued zset, active zset, scheduled zset, error zset, from_names set, recoveries any, twins any,
--         audit stream, trash zset, trash_index hash, trash_bytes string, followed any
-- ARGV    queue, state, not_after, limit, task_prefix, act, max_audit_entries, entry_id, trashed_at, trash_seconds,
--         trash_record, trash_prefix, operation_prefix
-- DERIVES task_prefix .. id of every id removed, and its `:executions` and `:executions_count`;
--         trash_prefix .. a kind, `:` and the entry or queue; operation_prefix .. the operations that followed them
-- where   act: empty when it goes on with a purge that has been noted; entry_id: the names in the trash begin with it,
--         empty: they go for good
-- gives   how many were removed
-- include queue_names, forget, act, twins, trash, followed
local rows = redis.call('ZRANGEBYSCORE', from, '-inf', not_after, 'WITHSCORES', 'LIMIT', 0, limit)
local ids, scores = {}, {}
for i = 1, #rows, 2 do
    ids[#ids + 1], scores[rows[i]] = rows[i], rows[i + 1]
end
local bin = {
    entries = trash, index = trash_index, bytes = trash_bytes, prefix = trash_prefix, at = trashed_at,
    seconds = trash_seconds, record = trash_record,
}
for first = 1, #ids, 1000 do
    local some = {unpack(ids, first, math.min(first + 999, #ids))}
    redis.call('ZREM', from, unpack(some))
    redis.pcall('HDEL', recoveries, unpack(some))
end
for number, id in ipairs(ids) do
    local payload = task_prefix .. id
    local executions, executions_count = payload .. ':executions', payload .. ':executions_count'
    local task = {
        id = id, queue = queue, state = state, score = scores[id], operation_id = '', payload = payload,
        executions = executions, executions_count = executions_count,
    }
    local name = entry_id ~= '' and entry_id .. '-' .. number or ''
    throw_away(bin, name, task, {queued, active, scheduled, error}, error, twins)
    forget(id, queued, active, scheduled, error, payload, executions, executions_count, twins)
    stop_following_from(state, followed, operation_prefix, queue, id)
end
if #ids > 0 then
    drop_if_empty(from, from_names, queue)
end
if act ~= '' then
    note_act(audit, nil, nil, '', queue, act, max_audit_entries)
end
return #ids
