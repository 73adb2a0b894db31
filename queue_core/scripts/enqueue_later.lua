-- enqueue_later: accept a task that becomes due later      (gone -> scheduled)
-- KEYS    payload string, queued zset, active zset, scheduled zset, scheduled_names set, remembered string
-- ARGV    id, queue, payload_json, due_at, max_queue_size, once, remember_seconds
-- gives   OK | KNOWN (with once: it is in some state, or is remembered; nothing written)
-- refuses QUEUE_FULL
-- include admit
if once == '1' and known(payload, remembered) then
    return 'KNOWN'
end
if not redis.call('ZSCORE', scheduled, id) and is_full(max_queue_size, queued, active, scheduled) then
    return refuse('QUEUE_FULL', queue)
end
redis.call('SET', payload, payload_json)
redis.call('ZADD', scheduled, 'NX', due_at, id)
redis.call('SADD', scheduled_names, queue)
remember(remembered, remember_seconds)
return 'OK'
