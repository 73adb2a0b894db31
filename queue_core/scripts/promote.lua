-- promote: make due tasks runnable, in the order in which they became due      (scheduled -> queued)
-- KEYS    scheduled zset, queued zset, scheduled_names set, queued_names set, activity channel
-- ARGV    queue, now, limit, publish
-- gives   how many were due
-- event   scheduled tasks
-- include queue_names, wake
local due = redis.call('ZRANGEBYSCORE', scheduled, '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit)
for first = 1, #due, 1000 do
    local ids, entries = {}, {}
    for i = first, math.min(first + 999, #due), 2 do
        ids[#ids + 1] = due[i]
        entries[#entries + 1] = due[i + 1]
        entries[#entries + 1] = due[i]
    end
    redis.call('ZREM', scheduled, unpack(ids))
    redis.call('ZADD', queued, 'NX', unpack(entries))
end
if #due > 0 then
    drop_if_empty(scheduled, scheduled_names, queue)
    redis.call('SADD', queued_names, queue)
    wake(activity, queue, publish)
end
return #due / 2
