-- finish: a run has succeeded; the task leaves nothing behind      (active -> gone)
-- KEYS    active zset, queued zset, scheduled zset, error zset, active_names set, payload any, executions any,
--         executions_count any, claims hash, recoveries any, twins any, followed any
-- ARGV    id, queue, lease, operation_prefix
-- DERIVES operation_prefix .. the operation that follows the task
-- gives   OK
-- refuses LEASE_LOST
-- event   done
-- include lease, queue_names, forget, twins, followed
if not holds(active, claims, id, lease) then
    return refuse('LEASE_LOST', id)
end
redis.call('ZREM', active, id)
drop_if_empty(active, active_names, queue)
redis.call('HDEL', claims, id)
redis.pcall('HDEL', recoveries, id)
forget(id, queued, active, scheduled, error, payload, executions, executions_count, twins)
if is_followed(followed, queue, id) and not is_held(id, {queued, scheduled, error}) then
    stop_following(followed, operation_prefix, queue, id, 'succeeded')
end
return 'OK'
