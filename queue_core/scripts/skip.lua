-- skip: count tasks that an operation could not act on
-- KEYS    operation hash, operation_ids list
-- ARGV    operation_id, id
-- gives   OK
-- refuses OPERATION_ENDED
-- include act
local ended = refuse_ended(operation, operation_id)
if ended then
    return ended
end
redis.call('LREM', operation_ids, 1, id)
redis.call('HINCRBY', operation, 'skipped', 1)
return 'OK'
