-- pace: how many tasks an operation may act on now, by its rate; they count as begun
-- KEYS    operation hash
-- ARGV    operation_id, now, most
-- gives   a number up to most
-- refuses OPERATION_ENDED
-- include act
local ended = refuse_ended(operation, operation_id)
if ended then
    return ended
end
local rate, paced_at = unpack(redis.call('HMGET', operation, 'rate', 'paced_at'))
rate = tonumber(rate) or 0
if rate == 0 then
    return tonumber(most)
end
-- what was not used is kept for a second, or for one task: a runner that was away does not make up for it
local longest = math.max(1, 1 / rate)
paced_at = math.max(tonumber(paced_at) or now - 1 / rate, now - longest)
local allowed = math.min(tonumber(most), math.floor((now - paced_at) * rate + 0.001))
if allowed > 0 then
    -- a full Redis refuses a script whose first write can grow it; so the first one takes away nothing
    redis.call('HDEL', operation, '')
    redis.call('HSET', operation, 'paced_at', string.format('%.6f', paced_at + allowed / rate))
end
return allowed
