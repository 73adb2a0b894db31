-- pass_by: count the tasks of one chunk that an operation with a query looked at and leaves where they are
-- KEYS    from zset, operation hash, operation_frozen zset
-- ARGV    operation_id, passed_by, last_id, last_score, refused...
-- where   passed_by: how many the query does not mean; last_id, last_score: the last task of the chunk that is still
--         there, empty: none; refused: ids that it means and could not act on, at most 200
-- gives   OK
-- refuses OPERATION_ENDED
-- include act
local ended = refuse_ended(operation, operation_id)
if ended then
    return ended
end
-- a full Redis refuses a script whose first write can grow it; so the first one takes away nothing
redis.call('HDEL', operation, '')
redis.call('HINCRBY', operation, 'passed_by', passed_by)
for _, id in ipairs(refused) do
    redis.call('HINCRBY', operation, 'skipped', 1)
    if redis.call('ZSCORE', from, id) then
        redis.call('HINCRBY', operation, 'stayed', 1)
    end
end
if last_id ~= '' then
    local place = redis.call('ZRANK', operation_frozen, last_id)
    if place then
        redis.call('ZREMRANGEBYRANK', operation_frozen, 0, place)
    end
    redis.call('HSET', operation, 'passed_id', last_id, 'passed_score', last_score)
end
return 'OK'
