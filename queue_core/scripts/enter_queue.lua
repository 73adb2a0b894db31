-- enter_queue: one of a limited number of workers begins to work on a queue
-- KEYS    semaphore zset
-- ARGV    worker, limit, seconds
-- gives   {1 | 0 (full, or the queue is locked), workers inside, or -1 when it is locked}
-- include now
local now = tonumber(server_now())
redis.call('ZREMRANGEBYSCORE', semaphore, 0, now)
if redis.call('ZSCORE', semaphore, 'SYSTEM_LOCK') then
    return {0, -1}
end
local inside = redis.call('ZCARD', semaphore)
if not redis.call('ZSCORE', semaphore, worker) then
    if inside >= tonumber(limit) then
        return {0, inside}
    end
    inside = inside + 1
end
redis.call('ZADD', semaphore, string.format('%.6f', now + seconds), worker)
redis.call('EXPIRE', semaphore, math.ceil(2 * seconds))
return {1, inside}
