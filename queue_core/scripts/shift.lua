-- shift: put a task into another state of its queue   (queued | active | scheduled | error -> queued | active | scheduled | error)
-- KEYS    from zset, into zset, from_names set, into_names set, claims hash, audit stream, activity channel
-- ARGV    id, queue, score, mode, publish, act, max_audit_entries
-- where   mode: set | nx (an entry that is there already keeps its score) | min (the lower score wins)
-- gives   OK
-- refuses TASK_NOT_FOUND
-- include queue_names, act, wake
if not redis.call('ZSCORE', from, id) then
    return refuse('TASK_NOT_FOUND', id)
end
local there = redis.call('ZSCORE', into, id)
redis.call('ZREM', from, id)
redis.call('HDEL', claims, id)
if not there or from == into or mode == 'set' or (mode == 'min' and tonumber(score) < tonumber(there)) then
    redis.call('ZADD', into, score, id)
end
drop_if_empty(from, from_names, queue)
redis.call('SADD', into_names, queue)
note_act(audit, nil, nil, '', id, act, max_audit_entries)
wake(activity, queue, publish)
return 'OK'
