-- recover: deal with a task whose lease is over      (active -> queued | error)
-- KEYS    active zset, queued zset, error zset, active_names set, queued_names set, error_names set, payload any,
--         executions any, executions_count any, claims hash, recoveries any, activity channel
-- ARGV    id, queue, seen_lease, lease_seconds, repeatable, max_recoveries, lost_execution, poison_execution, keep,
--         publish
-- gives   released (never started: back at its old place, uncounted) | requeued | failed | quarantined
-- refuses LEASE_LOST (renewed or moved meanwhile)
-- event   queueing expired task, failing expired task
-- include now, lease, queue_names, executions, wake
local now = tonumber(server_now())
if not has_score(active, id, seen_lease) or tonumber(seen_lease) > now - tonumber(lease_seconds) then
    return refuse('LEASE_LOST', id)
end

local claim = read_claim(claims, id)
-- a claim of ours that somebody else has renewed since says nothing about what happened later
local ours = claim and tonumber(claim.lease) == tonumber(seen_lease)
local untouched = ours and claim.started_at == '0'
-- nobody waits longer for having lost a worker
local place = ours and claim.score_before or string.format('%.6f', now)
local readable = redis.call('TYPE', payload).ok == 'string'
local taken_down = (tonumber(redis.pcall('HGET', recoveries, id)) or 0) + 1

redis.call('ZREM', active, id)
drop_if_empty(active, active_names, queue)
redis.call('HDEL', claims, id)

local function requeue(score)
    redis.call('ZADD', queued, 'NX', score, id)
    redis.call('SADD', queued_names, queue)
    wake(activity, queue, publish)
end

local function fail(execution)
    redis.pcall('HDEL', recoveries, id)
    redis.call('ZADD', error, string.format('%.6f', now), id)
    redis.call('SADD', error_names, queue)
    record_execution(executions, executions_count, execution, keep)
end

if not readable then
    fail(lost_execution)
    return 'failed'
elseif untouched then
    requeue(place)
    return 'released'
elseif taken_down >= tonumber(max_recoveries) then
    fail(poison_execution)
    return 'quarantined'
elseif repeatable == '1' then
    -- without the counts nothing would stop a task that takes down every worker, so what else lies there makes room
    if not is_usable(recoveries, 'hash') then
        redis.call('UNLINK', recoveries)
    end
    redis.call('HSET', recoveries, id, taken_down)
    -- tasks that somebody else ends leave their counts behind: a week without a lost worker ends them all
    redis.call('EXPIRE', recoveries, 604800)
    requeue(place)
    return 'requeued'
end
fail(lost_execution)
return 'failed'
