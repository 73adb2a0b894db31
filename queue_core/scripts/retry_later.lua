-- retry_later: a failed run waits for its next turn      (active -> scheduled)
-- KEYS    active zset, scheduled zset, active_names set, scheduled_names set, payload any, executions any,
--         executions_count any, claims hash
-- ARGV    id, queue, lease, due_at, execution, keep
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
-- LT: the next occurrence of recurring work, already there, may come first; a retry must not put it off
redis.call('ZADD', scheduled, 'LT', due_at, id)
redis.call('SADD', scheduled_names, queue)
-- a record of a task that is gone would outlive it unnoticed
if redis.call('EXISTS', payload) == 1 then
    record_execution(executions, executions_count, execution, keep)
end
return 'OK'
