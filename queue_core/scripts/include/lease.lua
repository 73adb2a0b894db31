local function has_score(active, id, lease)
    local score = redis.call('ZSCORE', active, id)
    return score and tonumber(score) == tonumber(lease)
end

-- A claim record is `lease score_before started_at previous worker`; started_at is 0 until the task was started, and
-- previous is the lease that was shown for the newest heartbeat, 0 before the first.
local function claim_record(lease, score_before, started_at, previous, worker)
    return table.concat({lease, score_before, started_at, previous, worker}, ' ')
end

-- A field can be left behind when somebody else ends the task; a day without a claim or heartbeat ends them all.
local function keep_claims(claims)
    redis.call('EXPIRE', claims, 86400)
end

local function read_claim(claims, id)
    local record = redis.call('HGET', claims, id)
    if not record then
        return nil
    end
    local lease, score_before, started_at, previous, worker = string.match(record, '^(%S+) (%S+) (%S+) (%S+) (.*)$')
    -- what is no score could not be written back, and would be found out too late
    local place = tonumber(score_before)
    return place and place == place and {
        lease = lease, score_before = score_before, started_at = started_at, previous = previous, worker = worker,
    }
end

-- Whoever last wrote the active score holds the task.  A worker that did not hear the reply to its heartbeat still
-- shows the lease before; that one counts for as long as the claim record says that nobody else has written since.
local function holds(active, claims, id, lease)
    if has_score(active, id, lease) then
        return true
    end
    local claim = read_claim(claims, id)
    return claim and tonumber(claim.previous) == tonumber(lease) and has_score(active, id, claim.lease)
end
