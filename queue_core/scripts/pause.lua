-- pause: let no worker start anything from a queue
-- KEYS    paused zset, pauses hash, semaphore zset, audit stream, operation hash, operation_ids list
-- ARGV    queue, ends_at, lock_ends_at, expire_at, pause_record, act, max_audit_entries
-- gives   OK
-- include act

-- a full Redis refuses a script whose first write can grow it; so the first one takes away nothing
redis.call('HDEL', pauses, '')
redis.call('ZADD', paused, ends_at, queue)
redis.call('HSET', pauses, queue, pause_record)
redis.call('ZADD', semaphore, lock_ends_at, 'SYSTEM_LOCK')
redis.call('EXPIREAT', semaphore, expire_at)
note_act(audit, operation, operation_ids, '', queue, act, max_audit_entries)
return 'OK'
