-- renew_lock: extend a task lock that is still ours
-- KEYS    lock string
-- ARGV    token, seconds
-- gives   1 | 0 (somebody else's, or gone)
if redis.call('GET', lock) ~= token then
    return 0
end
return redis.call('PEXPIRE', lock, math.floor(seconds * 1000))
