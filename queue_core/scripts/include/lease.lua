-- Whoever last wrote the active score holds the task.
local function holds(active, id, lease)
    local score = redis.call('ZSCORE', active, id)
    return score and tonumber(score) == tonumber(lease)
end

-- A claim record is `lease score_before started_at worker`; started_at is 0 until the task was started.
local function claim_record(lease, score_before, started_at, worker)
    return table.concat({lease, score_before, started_at, worker}, ' ')
end

local function read_claim(claims, id)
    local record = redis.call('HGET', claims, id)
    if not record then
        return nil
    end
    local lease, score_before, started_at, worker = string.match(record, '^(%S+) (%S+) (%S+) (.*)$')
    return lease and {lease = lease, score_before = score_before, started_at = started_at, worker = worker}
end
