-- settle_followed: count what became of tasks that an operation retried, where it is known by now
-- KEYS    followed hash, operation hash, operation_failed zset, queued zset, active zset, scheduled zset, error zset
-- ARGV    operation_id, queue, task_prefix, most_failed, keep_seconds, looks...
-- DERIVES task_prefix .. id
-- where   looks: of each task the id, a score in error or '', and what its failure with that score is: same, unknown,
--         or other and the class of the exception; at most 200 tasks
-- gives   {id, score in error, ...} of those that failed again with a score that has not been looked at
-- include followed
local MOST_CLASSES = 20
local unread = {}

local function count_class(name)
    local field = 'error:' .. name
    if redis.call('HEXISTS', operation, field) == 0
            and redis.call('HINCRBY', operation, 'error_classes', 1) > MOST_CLASSES then
        field = 'more_errors'
    end
    redis.call('HINCRBY', operation, field, 1)
end

local function settle(id, outcome)
    redis.call('HDEL', followed, followed_as(queue, id))
    if redis.call('HEXISTS', operation, 'status') == 0 then
        return false
    end
    redis.call('HINCRBY', operation, outcome, 1)
    return true
end

local function settle_failed(id, score, verdict)
    local class = string.match(verdict, '^other (.*)$')
    if not settle(id, 'failed_' .. (class and 'other' or verdict)) then
        return
    end
    if class then
        count_class(class)
    end
    redis.call('ZADD', operation_failed, score, id)
    redis.call('ZREMRANGEBYRANK', operation_failed, 0, -1 - most_failed)
    redis.call('EXPIRE', operation_failed, keep_seconds)
end

for i = 1, #looks, 3 do
    local id, seen, verdict = unpack(looks, i, i + 2)
    local record = redis.call('HGET', followed, followed_as(queue, id))
    if record and string.match(record, '^(%S+) ') == operation_id then
        local score = redis.call('ZSCORE', error, id)
        if score and seen ~= '' and tonumber(score) == tonumber(seen) then
            settle_failed(id, score, verdict)
        elseif score then
            unread[#unread + 1] = id
            unread[#unread + 1] = score
        elseif not (redis.call('ZSCORE', queued, id) or redis.call('ZSCORE', active, id)
                or redis.call('ZSCORE', scheduled, id)) then
            settle(id, redis.call('EXISTS', task_prefix .. id) == 1 and 'moved_on' or 'gone')
        end
    end
end
return unread
