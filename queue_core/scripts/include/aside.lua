-- A task that stands aside is scheduled in the year 2514 and later: ASIDE_AT and the score that it had while queued.
local ASIDE_AT, LATEST_PLACE = 17179869184, 4294967295

local function stands_aside(score)
    return score and score >= ASIDE_AT and score <= ASIDE_AT + LATEST_PLACE
end

local function place_of(score)
    return string.format('%.17g', score - ASIDE_AT)
end

-- A unique task may be scheduled already: of two moments the earlier one stays.
local function let_stand_aside(scheduled, id, place)
    local there, wanted = tonumber(redis.call('ZSCORE', scheduled, id) or nil), tonumber(place)
    if stands_aside(there) then
        wanted = math.min(wanted, there - ASIDE_AT)
    elseif there then
        wanted = math.min(wanted, there)
    end
    wanted = ASIDE_AT + math.min(math.max(wanted, 0), LATEST_PLACE)
    redis.call('ZADD', scheduled, string.format('%.17g', wanted), id)
end

-- pcall: what all holds have in common keeps no task in its state when it is broken
local function count_aside(hold_records, hold_counts, hold_id, count)
    if redis.pcall('HEXISTS', hold_records, hold_id) == 1 then
        redis.pcall('HINCRBY', hold_counts, hold_id, count)
    end
end
