-- skip: count a task that an operation could not act on, and pass it if it stays where it is
-- KEYS    from zset, operation hash, operation_ids list, operation_frozen zset
-- ARGV    operation_id, id
-- gives   OK
-- refuses OPERATION_ENDED
-- include act
local ended = refuse_ended(operation, operation_id)
if ended then
    return ended
end
if redis.call('EXISTS', operation_frozen) == 1 and redis.call('ZREM', operation_frozen, id) == 0 then
    return 'OK'
end
redis.call('LREM', operation_ids, 1, id)
redis.call('HINCRBY', operation, 'skipped', 1)
local score = redis.call('ZSCORE', from, id)
if score then
    redis.call('HINCRBY', operation, 'stayed', 1)
    redis.call('HSET', operation, 'passed_id', id, 'passed_score', score)
end
return 'OK'
