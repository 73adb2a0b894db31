-- glimpse: what a list shows of one task, however large the task is
-- KEYS    payload string, executions list, executions_count string
-- ARGV    payload_bytes, execution_bytes
-- gives   {payload or its beginning, payload bytes, executions ever, beginning of the newest execution, its end or ''}
local newest = redis.call('LINDEX', executions, -1) or ''
local tail = ''
if #newest > 2 * execution_bytes then
    newest, tail = string.sub(newest, 1, execution_bytes), string.sub(newest, -execution_bytes)
end
return {
    redis.call('GETRANGE', payload, 0, payload_bytes - 1), redis.call('STRLEN', payload),
    redis.call('GET', executions_count) or '0', newest, tail,
}
