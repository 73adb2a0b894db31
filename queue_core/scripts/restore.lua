-- restore: bring a task back from the trash, with its old score      (gone -> queued | scheduled | error)
-- KEYS    queued zset, active zset, scheduled zset, error zset, from zset, from_names set, payload any, executions any,
--         executions_count any, trash zset, trash_index hash, trash_bytes string, trash_entry hash, trash_payload any,
--         trash_executions any, twins any, audit stream, operation hash, operation_ids list, activity channel
-- ARGV    id, queue, entry_id, not_after, now, trash_prefix, operation_id, act, max_audit_entries, publish
-- DERIVES trash_prefix .. a kind, `:` and the queue or operation of the entry
-- where   from: the state where it was
-- gives   OK
-- refuses ENTRY_NOT_FOUND, PAYLOAD_MISSING, ALREADY_THERE (its queue holds the id again), PAYLOAD_DIFFERS (another
--         queue holds the id, with other arguments or times), OPERATION_ENDED
-- include queue_names, act, twins, trash, wake
local ended = refuse_ended(operation, operation_id)
if ended then
    return ended
end
local facts = redis.call('HMGET', trash_entry, 'id', 'score', 'count', 'at')
if facts[1] ~= id or not redis.call('ZSCORE', trash, entry_id) or came_later(facts[4], not_after) then
    return refuse('ENTRY_NOT_FOUND', entry_id)
end
if redis.call('EXISTS', trash_payload) == 0 then
    return refuse('PAYLOAD_MISSING', id)
end
local states = {queued, active, scheduled, error}
if is_held(id, states) then
    return refuse('ALREADY_THERE', id)
end

local function is_same_payload()
    for _, key in ipairs({payload, trash_payload}) do
        if redis.call('TYPE', key).ok ~= 'string' or redis.call('STRLEN', key) > COPIED_AT_MOST then
            return false
        end
    end
    return redis.call('GET', payload) == redis.call('GET', trash_payload)
end

local lives_elsewhere = redis.call('EXISTS', payload) == 1
if lives_elsewhere and not is_same_payload() then
    return refuse('PAYLOAD_DIFFERS', id)
end
local bin = {entries = trash, index = trash_index, bytes = trash_bytes, prefix = trash_prefix}
unlist(bin, entry_id)
note_twin(id, now, payload, twins, states)
if not lives_elsewhere then
    redis.call('RENAME', trash_payload, payload)
    redis.call('PERSIST', payload)
end
if redis.call('EXISTS', trash_executions) == 1 and redis.call('EXISTS', executions, executions_count) == 0 then
    redis.call('RENAME', trash_executions, executions)
    redis.call('PERSIST', executions)
end
if facts[3] ~= '0' and redis.call('EXISTS', executions_count) == 0 then
    redis.call('SET', executions_count, facts[3])
end
redis.call('UNLINK', trash_entry, trash_payload, trash_executions)
redis.call('ZADD', from, facts[2], id)
redis.call('SADD', from_names, queue)
note_act(audit, operation, operation_ids, operation_id, entry_id, act, max_audit_entries)
wake(activity, queue, publish)
return 'OK'
