-- end_operation: close the record of an operation, when it is done or cancelled (a paused one can only be cancelled)
-- KEYS    operation hash, operations_running zset, operation_ids list, operation_frozen zset, operation_released zset,
--         operation_moved any, audit stream
-- ARGV    operation_id, status, ended_at, keep_seconds, act, max_audit_entries
-- where   act: empty when it ended by itself
-- gives   OK
-- refuses OPERATION_NOT_FOUND, OPERATION_ENDED
-- include act
if redis.call('EXISTS', operation) == 0 then
    return refuse('OPERATION_NOT_FOUND', operation_id)
end
local standing = redis.call('HGET', operation, 'status')
if standing ~= 'running' and not (standing == 'paused' and status == 'cancelled') then
    return refuse('OPERATION_ENDED', operation_id)
end
redis.call('ZREM', operations_running, operation_id)
if status == 'done' then
    -- tasks that left before the operation met them
    local counts = redis.call('HMGET', operation, 'matched', 'done', 'passed_by')
    redis.call('HSET', operation, 'skipped', math.max(counts[1] - counts[2] - (counts[3] or 0), 0))
end
redis.call('HSET', operation, 'status', status, 'ended_at', ended_at)
redis.call('EXPIRE', operation, keep_seconds)
-- what it has moved can be taken back as long as its record is there
redis.call('EXPIRE', operation_moved, keep_seconds)
redis.call('DEL', operation_ids, operation_released)
-- it may hold a million
redis.call('UNLINK', operation_frozen)
if act ~= '' then
    note_act(audit, operation, operation_ids, '', operation_id, act, max_audit_entries)
end
return 'OK'
