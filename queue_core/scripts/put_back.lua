-- put_back: tasks that stood aside are runnable again, at their old place      (scheduled -> queued)
-- KEYS    scheduled zset, queued zset, scheduled_names set, queued_names set, activity channel
-- ARGV    queue, publish, ids...
-- where   ids: at most 200
-- gives   how many there were
-- event   released
-- include queue_names, aside, wake
local moved = 0
for _, id in ipairs(ids) do
    local score = tonumber(redis.call('ZSCORE', scheduled, id) or nil)
    if stands_aside(score) then
        redis.call('ZREM', scheduled, id)
        redis.call('ZADD', queued, 'NX', place_of(score), id)
        moved = moved + 1
    end
end
if moved > 0 then
    drop_if_empty(scheduled, scheduled_names, queue)
    redis.call('SADD', queued_names, queue)
    wake(activity, queue, publish)
end
return moved
