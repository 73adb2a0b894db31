-- drop_trash: free the oldest entries of the trash, those up to a moment or beyond its limits
-- KEYS    trash zset, trash_index hash, trash_bytes string, audit stream
-- ARGV    not_after, trash_tasks, trash_bytes_limit, limit, trash_prefix, act, max_audit_entries
-- DERIVES trash_prefix .. a kind, `:` and every entry freed, or its queue or operation
-- where   act: empty when nobody asked for it, or it goes on
-- gives   how many were freed
-- include act, trash
local bin = {entries = trash, index = trash_index, bytes = trash_bytes, prefix = trash_prefix}

local function next_one()
    local entry_id, at = unpack(redis.call('ZRANGE', trash, 0, 0, 'WITHSCORES'))
    if not entry_id then
        return nil
    end
    local is_old = tonumber(at) <= tonumber(not_after)
    local is_over = redis.call('ZCARD', trash) > tonumber(trash_tasks)
        or tonumber(redis.call('GET', trash_bytes) or 0) > tonumber(trash_bytes_limit)
    return (is_old or is_over) and entry_id
end

local freed = 0
while freed < tonumber(limit) do
    local entry_id = next_one()
    if not entry_id then
        break
    end
    unlist(bin, entry_id)
    redis.call('UNLINK', trash_key(bin, 'entry', entry_id), trash_key(bin, 'payload', entry_id),
        trash_key(bin, 'executions', entry_id))
    freed = freed + 1
end
if act ~= '' then
    note_act(audit, nil, nil, '', '', act, max_audit_entries)
end
return freed
