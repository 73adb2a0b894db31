-- part_twin: a unique task that stood in two queues stands in one of them or in none by now
-- KEYS    twins zset, payload any, executions any, executions_count any
-- ARGV    id, seen_score, seen_digest, is_gone
-- where   seen_score, seen_digest: of mark and payload (SHA-1, empty when there is none) from before the look for it;
--         is_gone: no queue holds it, so its record goes too
-- gives   OK | CHANGED (enqueued, moved or removed meanwhile; nothing written)
local score = redis.call('ZSCORE', twins, id)
local present = redis.pcall('GET', payload)
local digest = type(present) == 'string' and redis.sha1hex(present) or ''
if not score or tonumber(score) ~= tonumber(seen_score) or digest ~= seen_digest then
    return 'CHANGED'
end
redis.call('ZREM', twins, id)
if is_gone == '1' then
    redis.call('DEL', payload, executions, executions_count)
end
return 'OK'
