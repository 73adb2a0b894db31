-- Takes a task out of a state in which nobody works on it, for good.
local function remove(id, queue, from, from_names)
    redis.call('ZREM', from, id)
    drop_if_empty(from, from_names, queue)
end
