-- give_up: a failed run was the last one      (active -> error)
-- KEYS    active zset, error zset, active_names set, error_names set, executions any, executions_count any, claims hash,
--         recoveries any
-- ARGV    id, queue, lease, failed_at, execution, keep
-- gives   OK
-- refuses LEASE_LOST
-- event   task error
-- include lease, queue_names, executions
if not holds(active, claims, id, lease) then
    return refuse('LEASE_LOST', id)
end
redis.call('ZREM', active, id)
drop_if_empty(active, active_names, queue)
redis.call('HDEL', claims, id)
redis.pcall('HDEL', recoveries, id)
redis.call('ZADD', error, failed_at, id)
redis.call('SADD', error_names, queue)
record_execution(executions, executions_count, execution, keep)
return 'OK'
