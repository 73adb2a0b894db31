-- glimpse_execution: one failed run of a task, without the middle when it is long
-- KEYS    executions list
-- ARGV    position, execution_bytes
-- where   position: as for LINDEX, -1 is the newest
-- gives   {the entry or its beginning, its end or ''}
local entry = redis.call('LINDEX', executions, position) or ''
if #entry <= 2 * execution_bytes then
    return {entry, ''}
end
return {string.sub(entry, 1, execution_bytes), string.sub(entry, -execution_bytes)}
