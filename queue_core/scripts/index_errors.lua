-- index_errors: count failures of one queue that belong to one error group; each once, however often it is sent
-- KEYS    error_groups zset, error_group hash, error_group_tasks zset, errors_read zset
-- ARGV    group_id, queue, facts, first_hour, last_hour, read_since, most_tasks, most_read, keep_seconds,
--         read_seconds, failures...
-- where   failures: id, failed_at, function and host, one after the other, oldest first; at most 200 of them
--         read_since: what failed before is not read again
-- gives   how many were new
local MOST_NAMES, MOST_TRIMMED = 20, 1000
local added, order, new, last = {}, {}, 0, nil

local function add(field)
    if not added[field] then
        order[#order + 1] = field
    end
    added[field] = (added[field] or 0) + 1
end

-- a full Redis refuses a script whose first write can grow it
redis.call('ZREMRANGEBYSCORE', errors_read, '-inf', '(' .. read_since)
for i = 1, #failures, 4 do
    local id, failed_at, func, host = unpack(failures, i, i + 3)
    local member, at = #queue .. ':' .. queue .. id, tonumber(failed_at)
    local seen = redis.call('ZSCORE', errors_read, id)
    local known = redis.call('ZSCORE', error_group_tasks, member)
    if not (seen and tonumber(seen) == at) and not (known and tonumber(known) == at) then
        redis.call('ZADD', error_group_tasks, failed_at, member)
        new, last = new + 1, failed_at
        add('seen')
        add('function:' .. func)
        add('queue:' .. queue)
        add('host:' .. host)
        local hour = math.floor(at / 3600)
        if hour >= tonumber(first_hour) and hour <= tonumber(last_hour) then
            add(string.format('hour:%d', hour))
        end
    end
    redis.call('ZADD', errors_read, failed_at, id)
end
for _, field in ipairs(order) do
    local kind = string.match(field, '^(%l+):')
    if kind and kind ~= 'hour' and redis.call('HEXISTS', error_group, field) == 0
            and redis.call('HINCRBY', error_group, 'names:' .. kind, 1) > MOST_NAMES then
        field, added['more:' .. kind] = 'more:' .. kind, added[field]
    end
    redis.call('HINCRBY', error_group, field, added[field])
end
if new > 0 then
    local first = redis.call('HGET', error_group, 'first_at')
    if not first or tonumber(failures[2]) < tonumber(first) then
        redis.call('HSET', error_group, 'first_at', failures[2])
    end
    redis.call('HSET', error_group, 'facts', facts)
    redis.call('ZADD', error_groups, 'GT', last, group_id)
end
local over = redis.call('ZCARD', error_group_tasks) - tonumber(most_tasks)
if over > 0 then
    redis.call('ZREMRANGEBYRANK', error_group_tasks, 0, math.min(over, MOST_TRIMMED) - 1)
end
over = redis.call('ZCARD', errors_read) - tonumber(most_read)
if over > 0 then
    redis.call('ZREMRANGEBYRANK', errors_read, 0, math.min(over, MOST_TRIMMED) - 1)
end
redis.call('EXPIRE', error_group, keep_seconds)
redis.call('EXPIRE', error_group_tasks, keep_seconds)
redis.call('EXPIRE', errors_read, read_seconds)
return new
