-- renew_pause: keep the wire's lock of a paused queue, should an application have set a shorter one
-- KEYS    paused zset, semaphore zset
-- ARGV    queue, lock_ends_at, expire_at
-- gives   OK
-- refuses NOT_PAUSED
if not redis.call('ZSCORE', paused, queue) then
    return refuse('NOT_PAUSED', queue)
end
-- a full Redis refuses a script whose first write can grow it; so the first one takes away nothing
redis.call('ZREM', semaphore, '')
redis.call('ZADD', semaphore, 'GT', lock_ends_at, 'SYSTEM_LOCK')
redis.call('EXPIREAT', semaphore, expire_at)
return 'OK'
