-- steer_operation: pause an operation, let it go on, or change its rate
-- KEYS    operation hash, operation_ids list, audit stream
-- ARGV    operation_id, now, status, because, rate, canary, act, max_audit_entries
-- where   status: paused, running, or empty: as it is; because: why it is paused; rate, canary: empty: as it is;
--         act: empty when nobody asked for it
-- gives   OK
-- refuses OPERATION_NOT_FOUND, OPERATION_ENDED
-- include act
local standing, paused_at = unpack(redis.call('HMGET', operation, 'status', 'paused_at'))
if not standing then
    return refuse('OPERATION_NOT_FOUND', operation_id)
end
if standing ~= 'running' and standing ~= 'paused' then
    return refuse('OPERATION_ENDED', operation_id)
end
-- a full Redis refuses a script whose first write can grow it; so the first one takes away nothing
redis.call('HDEL', operation, '')
if act ~= '' then
    note_act(audit, operation, operation_ids, '', operation_id, act, max_audit_entries)
end
if canary ~= '' and redis.call('HEXISTS', operation, 'canary') == 1 then
    redis.call('HSET', operation, 'canary', canary)
end
if status == 'paused' then
    redis.call('HSET', operation, 'status', status, 'paused_at', paused_at or now, 'paused_because', because)
elseif status == 'running' and standing == 'paused' then
    redis.call('HINCRBYFLOAT', operation, 'rested_seconds', now - (paused_at or now))
    redis.call('HSET', operation, 'status', status)
    redis.call('HDEL', operation, 'paused_at', 'paused_because')
end
if rate ~= '' then
    redis.call('HSET', operation, 'rate', rate)
    redis.call('HDEL', operation, 'paced_at')
end
return 'OK'
