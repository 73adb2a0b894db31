-- enqueue: accept a task that is runnable now      (gone -> queued)
-- KEYS    payload string, queued zset, active zset, scheduled zset, error any, queued_names set, remembered string,
--         twins any, activity channel
-- ARGV    id, queue, payload_json, runnable_at, max_queue_size, unique, once, remember_seconds, publish
-- gives   OK | KNOWN (with once: it is in some state, of this queue if it is unique, or is remembered; nothing written)
-- refuses QUEUE_FULL
-- include twins, admit, wake
if once == '1' and known(id, unique, payload, remembered, {queued, active, scheduled, error}) then
    return 'KNOWN'
end
if not redis.call('ZSCORE', queued, id) and is_full(max_queue_size, queued, active, scheduled) then
    return refuse('QUEUE_FULL', queue)
end
if unique == '1' then
    note_twin(id, runnable_at, payload, twins, {queued, active, scheduled, error})
end
redis.call('SET', payload, payload_json)
redis.call('ZADD', queued, 'NX', runnable_at, id)
redis.call('SADD', queued_names, queue)
remember(remembered, remember_seconds)
wake(activity, queue, publish)
return 'OK'
