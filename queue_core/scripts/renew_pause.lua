-- renew_pause: keep the wire's lock of a paused queue, should an application have set a shorter one
-- KEYS    paused zset, semaphore zset
-- ARGV    queue, lock_ends_at, expire_at
-- gives   OK
-- refuses NOT_PAUSED
if not redis.call('ZSCORE', paused, queue) then
    return refuse('NOT_PAUSED', queue)
end
redis.call('ZADD', semaphore, 'GT', lock_ends_at, 'SYSTEM_LOCK')
redis.call('EXPIREAT', semaphore, expire_at)
return 'OK'
