-- resume: lift the pause of a queue, or the lock that an application has set
-- KEYS    paused zset, pauses hash, semaphore zset, audit stream, operation hash, operation_ids list, activity channel
-- ARGV    queue, ended_by, act, max_audit_entries, publish
-- where   ended_by: lift only what has ended by then; +inf lifts all
-- gives   OK
-- refuses NOT_PAUSED
-- include act, wake
local ours = redis.call('ZSCORE', paused, queue)
if not ours and not redis.call('ZSCORE', semaphore, 'SYSTEM_LOCK') then
    return refuse('NOT_PAUSED', queue)
end
if ended_by ~= '+inf' and (not ours or tonumber(ours) > tonumber(ended_by)) then
    return refuse('NOT_PAUSED', queue)
end
redis.call('ZREM', paused, queue)
redis.call('HDEL', pauses, queue)
redis.call('ZREM', semaphore, 'SYSTEM_LOCK')
note_act(audit, operation, operation_ids, '', queue, act, max_audit_entries)
wake(activity, queue, publish)
return 'OK'
