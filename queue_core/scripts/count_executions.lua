-- count_executions: raise the count of a task's failed runs to what its list holds
-- KEYS    executions list, executions_count string
-- ARGV
-- gives   1 | 0 (it was high enough)
local held = redis.call('LLEN', executions)
if held <= (tonumber(redis.call('GET', executions_count)) or 0) then
    return 0
end
redis.call('SET', executions_count, held)
return 1
