-- The trash: what was deleted lies there for a while, under an entry of its own.
-- bin: entries, index, bytes (keys), prefix, and, where something comes in, at, seconds, record.
local COPIED_AT_MOST = 1048576

local function trash_key(bin, kind, name)
    return bin.prefix .. kind .. ':' .. name
end

local function memory_of(key)
    -- pcall: a server may not let it be asked
    local bytes = redis.pcall('MEMORY', 'USAGE', key, 'SAMPLES', 5)
    return type(bytes) == 'number' and bytes or 0
end

-- A moved payload costs nothing, however large; a copy of a large one would keep Redis from everybody else.
local function take_payload(payload, shared, kept)
    if not shared then
        redis.call('RENAME', payload, kept)
        return true
    end
    if redis.call('TYPE', payload).ok ~= 'string' or redis.call('STRLEN', payload) > COPIED_AT_MOST then
        return false
    end
    redis.call('COPY', payload, kept)
    return true
end

-- Keeps a task that has left its state, before it is forgotten.  Whether it is kept: there must be a payload, and one
-- that another entry needs too must not be large.
local function throw_away(bin, entry_id, task, states, failed, twins)
    if entry_id == '' or redis.call('EXISTS', task.payload) == 0 then
        return false
    end
    local has_twin = type(redis.pcall('ZSCORE', twins, task.id)) == 'string'
    local payload, runs = trash_key(bin, 'payload', entry_id), trash_key(bin, 'executions', entry_id)
    if not take_payload(task.payload, has_twin or is_held(task.id, states), payload) then
        return false
    end
    local entry, count, bytes = trash_key(bin, 'entry', entry_id), false, memory_of(payload)
    if not has_twin and not redis.call('ZSCORE', failed, task.id) then
        count = redis.pcall('GET', task.executions_count)
        if redis.call('EXISTS', task.executions) == 1 then
            redis.call('RENAME', task.executions, runs)
            bytes = bytes + memory_of(runs)
        end
    end
    redis.call('HSET', entry, 'id', task.id, 'queue', task.queue, 'state', task.state, 'score', task.score,
        'count', type(count) == 'string' and count or '0', 'at', bin.at, 'record', bin.record)
    bytes = bytes + memory_of(entry)
    local owner = task.operation_id == '' and '-' or task.operation_id
    redis.call('ZADD', bin.entries, bin.at, entry_id)
    redis.call('HSET', bin.index, entry_id, bytes .. ' ' .. owner .. ' ' .. task.queue)
    redis.call('INCRBY', bin.bytes, bytes)
    local lists = {bin.entries, bin.index, bin.bytes, trash_key(bin, 'queue', task.queue)}
    redis.call('ZADD', lists[4], bin.at, entry_id)
    if task.operation_id ~= '' then
        lists[5] = trash_key(bin, 'operation', task.operation_id)
        redis.call('ZADD', lists[5], bin.at, entry_id)
    end
    for _, key in ipairs({entry, payload, runs, unpack(lists)}) do
        redis.call('EXPIRE', key, bin.seconds)
    end
    return true
end

-- Takes an entry off all lists; what it holds is the caller's.
local function unlist(bin, entry_id)
    redis.call('ZREM', bin.entries, entry_id)
    local bytes, owner, queue = string.match(redis.call('HGET', bin.index, entry_id) or '', '^(%d+) (%S+) (.*)$')
    if bytes then
        redis.call('HDEL', bin.index, entry_id)
        redis.call('ZREM', trash_key(bin, 'queue', queue), entry_id)
        redis.call('ZREM', trash_key(bin, 'operation', owner), entry_id)
        redis.call('DECRBY', bin.bytes, bytes)
    end
    if redis.call('EXISTS', bin.entries) == 0 then
        redis.call('DEL', bin.bytes, bin.index)
    end
end
