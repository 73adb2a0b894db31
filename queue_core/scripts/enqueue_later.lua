-- enqueue_later: accept a task that becomes due later      (gone -> scheduled)
-- KEYS    payload string, queued zset, active zset, scheduled zset, error any, scheduled_names set, remembered string,
--         twins any
-- ARGV    id, queue, payload_json, due_at, now, max_queue_size, unique, once, remember_seconds
-- gives   OK | KNOWN (with once: it is in some state, of this queue if it is unique, or is remembered; nothing written)
-- refuses QUEUE_FULL
-- include twins, admit
if once == '1' and known(id, unique, payload, remembered, {queued, active, scheduled, error}) then
    return 'KNOWN'
end
if not redis.call('ZSCORE', scheduled, id) and is_full(max_queue_size, queued, active, scheduled) then
    return refuse('QUEUE_FULL', queue)
end
if unique == '1' then
    note_twin(id, now, payload, twins, {queued, active, scheduled, error})
end
redis.call('SET', payload, payload_json)
redis.call('ZADD', scheduled, 'NX', due_at, id)
redis.call('SADD', scheduled_names, queue)
remember(remembered, remember_seconds)
return 'OK'
