-- release: give back a task that was claimed and not started, at its old place      (active -> queued)
-- KEYS    active zset, queued zset, active_names set, queued_names set, claims hash, activity channel
-- ARGV    id, queue, lease, publish
-- gives   OK
-- refuses LEASE_LOST
-- event   released
-- include lease, queue_names, wake
local claim = read_claim(claims, id)
if not claim or not holds(active, claims, id, lease) then
    return refuse('LEASE_LOST', id)
end
redis.call('ZREM', active, id)
drop_if_empty(active, active_names, queue)
redis.call('HDEL', claims, id)
redis.call('ZADD', queued, 'NX', claim.score_before, id)
redis.call('SADD', queued_names, queue)
wake(activity, queue, publish)
return 'OK'
