-- release_lock: free a lock that is still ours
-- KEYS    lock string
-- ARGV    token
-- gives   1 | 0 (somebody else's, or gone)
if redis.call('GET', lock) ~= token then
    return 0
end
return redis.call('DEL', lock)
