-- hold: take a duty's lease, or renew it
-- KEYS    lease string
-- ARGV    token, seconds
-- gives   1 | 0 (somebody else holds it)
local holder = redis.call('GET', lease)
if holder and holder ~= token then
    return 0
end
-- a full Redis refuses a script that begins with SET, and the duties are needed most then
redis.call('DEL', lease)
redis.call('SET', lease, token, 'PX', math.floor(seconds * 1000))
return 1
