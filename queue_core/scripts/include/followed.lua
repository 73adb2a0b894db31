-- A task that an operation retried is followed until it is known what became of it, which the operation then counts.
-- followed: the length of the queue's name, the queue and the task id -> `operation retried_at`.
local FOLLOWED_SECONDS = 7776000

local function followed_as(queue, id)
    return #queue .. ':' .. queue .. id
end

-- pcall, here and below: what else may lie in that place must keep no task in its state
local function is_followed(followed, queue, id)
    return redis.pcall('HEXISTS', followed, followed_as(queue, id)) == 1
end

local function follow(followed, operation, operation_id, queue, id, now, max_followed)
    local count = redis.pcall('HLEN', followed)
    if type(count) ~= 'number' or count >= max_followed then
        return
    end
    redis.call('HSET', followed, followed_as(queue, id), operation_id .. ' ' .. now)
    redis.call('EXPIRE', followed, FOLLOWED_SECONDS)
    redis.call('HINCRBY', operation, 'followed', 1)
end

-- outcome: the field of the operation in which the task is counted
local function stop_following(followed, operation_prefix, queue, id, outcome)
    local member = followed_as(queue, id)
    local record = redis.pcall('HGET', followed, member)
    if type(record) ~= 'string' then
        return
    end
    redis.call('HDEL', followed, member)
    local operation = operation_prefix .. (string.match(record, '^(%S+) ') or '')
    -- a record that has expired must not come back
    if type(redis.pcall('HGET', operation, 'status')) == 'string' then
        redis.pcall('HINCRBY', operation, outcome, 1)
    end
end

-- A person or a limit took it out of a state, before anybody read with which error it had failed again.
local function stop_following_from(state, followed, operation_prefix, queue, id)
    stop_following(followed, operation_prefix, queue, id, state == 'error' and 'failed_unknown' or 'moved_on')
end
