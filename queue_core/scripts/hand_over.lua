-- hand_over: remove a task that another Redis has received      (queued | scheduled | error -> gone)
-- KEYS    from zset, queued zset, active zset, scheduled zset, error zset, from_names set, payload any,
--         executions any, executions_count any, recoveries any, twins any, audit stream
-- ARGV    id, queue, seen_score, seen_payload, act, max_audit_entries
-- gives   OK
-- refuses TASK_NOT_FOUND (also: it was moved or enqueued anew since it was seen)
-- include queue_names, forget, act, remove
local score = redis.call('ZSCORE', from, id)
if not score or tonumber(score) ~= tonumber(seen_score) or redis.pcall('GET', payload) ~= seen_payload then
    return refuse('TASK_NOT_FOUND', id)
end
remove(id, queue, from, from_names)
redis.pcall('HDEL', recoveries, id)
forget(id, queued, active, scheduled, error, payload, executions, executions_count, twins)
note_act(audit, nil, nil, '', id, act, max_audit_entries)
return 'OK'
