-- start_operation: write down an operation on many tasks, with its frozen selection
-- KEYS    operation hash, operations zset, operations_running zset, operation_ids list, operation_frozen zset, audit stream
-- ARGV    operation_id, created_at, record, matched, rate, canary, act, max_audit_entries, ids...
-- where   canary: waiting, while its first tasks go ahead and the rest waits for them; following, while the canary of
--         another operation decides; empty: there is none
-- gives   OK
-- include act

-- a full Redis refuses a script whose first write can grow it; so the first one takes away nothing
redis.call('ZREM', operations_running, '')
for first = 1, #ids, 1000 do
    redis.call('RPUSH', operation_ids, unpack(ids, first, math.min(first + 999, #ids)))
end
redis.call('PERSIST', operation_frozen)
redis.call('HSET', operation, 'record', record, 'status', 'running', 'matched', matched, 'done', 0, 'skipped', 0,
    'rate', rate)
if canary ~= '' then
    redis.call('HSET', operation, 'canary', canary)
end
redis.call('ZADD', operations, created_at, operation_id)
redis.call('ZADD', operations_running, created_at, operation_id)
note_act(audit, operation, operation_ids, '', operation_id, act, max_audit_entries)
return 'OK'
