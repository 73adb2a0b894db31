-- stand_aside: a claimed task that is held waits for the end of the hold, uncounted      (active -> scheduled)
-- KEYS    active zset, scheduled zset, active_names set, scheduled_names set, claims hash,
--         hold_records any, hold_counts any
-- ARGV    id, queue, lease, hold_id
-- gives   OK
-- refuses LEASE_LOST
-- event   held
-- include lease, queue_names, aside
local claim = read_claim(claims, id)
if not claim or not holds(active, claims, id, lease) then
    return refuse('LEASE_LOST', id)
end
redis.call('ZREM', active, id)
drop_if_empty(active, active_names, queue)
redis.call('HDEL', claims, id)
let_stand_aside(scheduled, id, claim.score_before)
redis.call('SADD', scheduled_names, queue)
count_aside(hold_records, hold_counts, hold_id, 1)
return 'OK'
