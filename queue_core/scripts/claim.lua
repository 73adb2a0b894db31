-- claim: take the next runnable tasks of a queue, with their payloads      (queued -> active)
-- KEYS    queued zset, active zset, scheduled zset, queued_names set, active_names set, scheduled_names set,
--         claims hash, recoveries any, paused any, semaphore zset
-- ARGV    queue, limit, worker, lock_retry_seconds, payload_budget, task_prefix
-- DERIVES task_prefix .. id of every id taken (read only)
-- gives   {lease, {id, score before, recoveries, payload or false}, ...}
-- refuses QUEUE_PAUSED
-- event   processing
-- include now, lease, queue_names
local lease = server_now()
-- pcall: what all queues have in common stops none of them when it is broken; a pause is the wire's lock as well
for _, ends_at in ipairs({redis.pcall('ZSCORE', paused, queue), redis.call('ZSCORE', semaphore, 'SYSTEM_LOCK')}) do
    if type(ends_at) == 'string' and tonumber(ends_at) > tonumber(lease) then
        return refuse('QUEUE_PAUSED', queue)
    end
end

-- what came back from a worker that was lost in it runs alone; payloads beyond the first have a common budget
local candidates = redis.call('ZRANGE', queued, 0, limit - 1, 'WITHSCORES')
local careful = redis.call('TYPE', recoveries).ok == 'hash'
local answer, removed, diverted, bytes = {lease}, {}, {}, 0
for i = 1, #candidates, 2 do
    local id, score_before = candidates[i], candidates[i + 1]
    if redis.call('ZSCORE', active, id) then
        removed[#removed + 1] = id
        diverted[#diverted + 1] = id
    else
        local taken_down = careful and tonumber(redis.call('HGET', recoveries, id)) or 0
        local payload = redis.pcall('GET', task_prefix .. id)
        local size = type(payload) == 'string' and #payload or 0
        if #answer > 1 and (taken_down > 0 or bytes + size > tonumber(payload_budget)) then
            break
        end
        if #answer > 1 then
            bytes = bytes + size
        end
        removed[#removed + 1] = id
        answer[#answer + 1] = {id, score_before, taken_down, type(payload) == 'string' and payload}
        if taken_down > 0 then
            break
        end
    end
end
if #removed == 0 then
    return answer
end

for first = 1, #removed, 1000 do
    redis.call('ZREM', queued, unpack(removed, first, math.min(first + 999, #removed)))
end
drop_if_empty(queued, queued_names, queue)
redis.call('SADD', active_names, queue)
for i = 2, #answer do
    redis.call('ZADD', active, lease, answer[i][1])
    redis.call('HSET', claims, answer[i][1], claim_record(lease, answer[i][2], '0', '0', worker))
end
keep_claims(claims)
-- the same unique task is running now: its next run waits a little
for _, id in ipairs(diverted) do
    redis.call('ZADD', scheduled, 'LT', string.format('%.6f', tonumber(lease) + tonumber(lock_retry_seconds)), id)
    redis.call('SADD', scheduled_names, queue)
end
return answer
