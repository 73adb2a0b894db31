-- hold: take a duty's lease, or renew it
-- KEYS    lease any
-- ARGV    token, seconds
-- gives   1 | 0 (somebody else holds it)
-- pcall: what else may lie in that place holds nothing, and keeps nobody from the duty
local holder = redis.pcall('GET', lease)
if type(holder) == 'string' and holder ~= token then
    return 0
end
-- a full Redis refuses a script that begins with SET, and the duties are needed most then
redis.call('DEL', lease)
redis.call('SET', lease, token, 'PX', math.floor(seconds * 1000))
return 1
