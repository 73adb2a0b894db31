-- The name set of a state lists exactly the queues that have a task in it.
local function drop_if_empty(state, names, queue)
    if redis.call('EXISTS', state) == 0 then
        redis.call('SREM', names, queue)
    end
end
