-- defer: a task that cannot run now, since its lock is taken, waits without being counted      (active -> scheduled)
-- KEYS    active zset, scheduled zset, active_names set, scheduled_names set, claims hash
-- ARGV    id, queue, lease, due_at
-- gives   OK
-- refuses LEASE_LOST
-- event   could not acquire lock
-- include lease, queue_names
if not holds(active, claims, id, lease) then
    return refuse('LEASE_LOST', id)
end
redis.call('ZREM', active, id)
drop_if_empty(active, active_names, queue)
redis.call('HDEL', claims, id)
redis.call('ZADD', scheduled, 'LT', due_at, id)
redis.call('SADD', scheduled_names, queue)
return 'OK'
