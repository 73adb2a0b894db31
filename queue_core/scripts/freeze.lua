-- freeze: note the next tasks of a state, with the scores that they have, for an operation that is about to begin
-- KEYS    from zset, operation_frozen zset
-- ARGV    lowest, highest, last_id, last_score, limit, keep_seconds
-- where   last_id, last_score: the last one that was noted, empty at first; limit: at most 200; keep_seconds: when it is
--         forgotten, should the operation never begin
-- gives   id and score of the last one that was noted; nothing at the end
local first = redis.call('ZCOUNT', from, '-inf', '(' .. lowest)
if last_id ~= '' then
    -- behind the last one that still stands where it was noted; when that whole step has left, its score begins again
    local at = redis.call('ZREVRANK', operation_frozen, last_id) or 0
    local noted = redis.call('ZREVRANGE', operation_frozen, at, at + limit - 1, 'WITHSCORES')
    first = redis.call('ZCOUNT', from, '-inf', '(' .. last_score)
    for i = 1, #noted, 2 do
        if redis.call('ZSCORE', from, noted[i]) == noted[i + 1] then
            first = redis.call('ZRANK', from, noted[i]) + 1
            break
        end
    end
end
local rows = redis.call('ZRANGE', from, first, first + limit - 1, 'WITHSCORES')
local entries = {}
for i = 1, #rows, 2 do
    if tonumber(rows[i + 1]) > tonumber(highest) then
        break
    end
    entries[i], entries[i + 1] = rows[i + 1], rows[i]
end
if #entries == 0 then
    return {}
end
redis.call('ZADD', operation_frozen, unpack(entries))
redis.call('EXPIRE', operation_frozen, keep_seconds)
return {entries[#entries], entries[#entries - 1]}
