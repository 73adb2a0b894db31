-- move: put a task into another queue, in the same state and with the same score      (queued | scheduled | error)
-- KEYS    from zset, to zset, from_names set, payload string, queued zset, active zset, scheduled zset, error zset,
--         to_queued zset, to_active zset, to_scheduled zset, to_error zset, audit stream, operation hash,
--         operation_ids list, operation_frozen zset, operation_moved any, twins any, followed any, activity channel
-- ARGV    id, queue, state, to_queue, not_after, now, publish, operation_id, undoing, act, max_audit_entries,
--         operation_prefix
-- DERIVES operation_prefix .. the operation that followed the task
-- where   operation_moved: what this operation has moved, for its undoing; undoing: whether it takes back itself what
--         another one has moved, whose list then is operation_frozen
-- gives   OK
-- refuses TASK_NOT_FOUND (also: of an undoing, one that has another score than it was moved with), PAYLOAD_MISSING,
--         ALREADY_THERE (also: a unique task that another state of its queue holds, since both would share one payload),
--         OPERATION_ENDED
-- include queue_names, act, wake, followed
local MOVED_AT_MOST = 10000

-- part of a list would take back a part: where there are more there is none.
-- pcall: what else may lie in that place must keep no task where it is
local function note_moved(operation, operation_moved, id, score)
    local before = tonumber(redis.call('HGET', operation, 'done') or 0)
    if before < MOVED_AT_MOST then
        redis.pcall('ZADD', operation_moved, score, id)
    elseif before == MOVED_AT_MOST then
        redis.call('UNLINK', operation_moved)
    end
end

local ended = refuse_ended(operation, operation_id)
if ended then
    return ended
end
local score = redis.call('ZSCORE', from, id)
if not score or came_later(score, not_after) then
    return refuse('TASK_NOT_FOUND', id)
end
if undoing == '1' and score ~= redis.call('ZSCORE', operation_frozen, id) then
    return refuse('TASK_NOT_FOUND', id)
end
if redis.call('EXISTS', payload) == 0 then
    return refuse('PAYLOAD_MISSING', id)
end
local held = 0
for _, state in ipairs({queued, active, scheduled, error, to_queued, to_active, to_scheduled, to_error}) do
    if redis.call('ZSCORE', state, id) then
        held = held + 1
    end
end
if held > 1 then
    return refuse('ALREADY_THERE', id)
end
redis.call('ZREM', from, id)
if undoing == '1' then
    redis.call('ZREM', operation_frozen, id)
end
redis.call('ZADD', to, score, id)
drop_if_empty(from, from_names, queue)
redis.call('SADD', from_names, to_queue)
-- a look for a twin that is under way may have passed that queue already; so it has to begin anew
redis.pcall('ZADD', twins, 'XX', now, id)
stop_following_from(state, followed, operation_prefix, queue, id)
if operation_id ~= '' then
    note_moved(operation, operation_moved, id, score)
end
note_act(audit, operation, operation_ids, operation_id, id, act, max_audit_entries)
wake(activity, to_queue, publish)
return 'OK'
