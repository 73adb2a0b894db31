-- list_queue: put a queue that has tasks in a state, and is not listed there, back into the set of names
-- KEYS    from zset, from_names set, activity channel
-- ARGV    queue, publish
-- gives   1 | 0 (it has none, or is listed)
-- include wake
if redis.call('EXISTS', from) == 0 or redis.call('SISMEMBER', from_names, queue) == 1 then
    return 0
end
-- a full Redis refuses a script whose first write can grow it; so the first one takes away nothing
redis.call('ZREM', from, '')
redis.call('SADD', from_names, queue)
wake(activity, queue, publish)
return 1
