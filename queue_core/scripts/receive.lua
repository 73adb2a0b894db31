-- receive: take over a task from another Redis, with its failed runs      (gone -> queued | scheduled | error)
-- KEYS    from zset, from_names set, payload string, executions list, executions_count string, received string,
--         audit stream, activity channel
-- ARGV    id, queue, score, payload_json, count, transfer, remember_seconds, publish, act, max_audit_entries, records...
-- where   transfer: names this very transfer; records: the failed runs, oldest first; count: of failed runs ever;
--         act: empty where an entry of its own tells of many
-- gives   OK | KNOWN (this transfer has arrived before; nothing written)
-- refuses ALREADY_THERE (another task under this id)
-- include act, wake
if redis.call('GET', received) == transfer then
    return 'KNOWN'
end
if redis.call('EXISTS', payload, executions, executions_count) > 0 then
    return refuse('ALREADY_THERE', id)
end
redis.call('SET', payload, payload_json)
for _, record in ipairs(records) do
    redis.call('RPUSH', executions, record)
end
if tonumber(count) > 0 then
    redis.call('SET', executions_count, count)
end
redis.call('ZADD', from, score, id)
redis.call('SADD', from_names, queue)
redis.call('SET', received, transfer, 'EX', remember_seconds)
if act ~= '' then
    note_act(audit, nil, nil, '', id, act, max_audit_entries)
end
wake(activity, queue, publish)
return 'OK'
