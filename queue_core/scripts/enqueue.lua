-- enqueue: accept a task that is runnable now      (gone -> queued)
-- KEYS    payload string, queued zset, active zset, scheduled zset, queued_names set, remembered string, activity channel
-- ARGV    id, queue, payload_json, runnable_at, max_queue_size, once, remember_seconds
-- gives   OK | KNOWN (with once: it is in some state, or is remembered; nothing written)
-- refuses QUEUE_FULL
-- include admit
if once == '1' and known(payload, remembered) then
    return 'KNOWN'
end
if not redis.call('ZSCORE', queued, id) and is_full(max_queue_size, queued, active, scheduled) then
    return refuse('QUEUE_FULL', queue)
end
redis.call('SET', payload, payload_json)
redis.call('ZADD', queued, 'NX', runnable_at, id)
redis.call('SADD', queued_names, queue)
remember(remembered, remember_seconds)
redis.call('PUBLISH', activity, queue)
return 'OK'
