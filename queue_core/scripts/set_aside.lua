-- set_aside: tasks that are held wait for the end of the hold, before anybody claims them      (queued -> scheduled)
-- KEYS    queued zset, scheduled zset, queued_names set, scheduled_names set, hold_records any,
--         hold_counts any
-- ARGV    queue, hold_id, ids...
-- where   ids: at most 200
-- gives   how many there were
-- include queue_names, aside
local moved = 0
for _, id in ipairs(ids) do
    local place = redis.call('ZSCORE', queued, id)
    if place then
        redis.call('ZREM', queued, id)
        let_stand_aside(scheduled, id, place)
        moved = moved + 1
    end
end
if moved > 0 then
    drop_if_empty(queued, queued_names, queue)
    redis.call('SADD', scheduled_names, queue)
    count_aside(hold_records, hold_counts, hold_id, moved)
end
return moved
