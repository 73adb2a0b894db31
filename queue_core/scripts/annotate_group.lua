-- annotate_group: write, change or take away what people say about an error group
-- KEYS    error_notes hash, audit stream
-- ARGV    group_id, note, most_notes, act, max_audit_entries
-- where   note: empty takes it away
-- gives   1 | 0 (there are too many)
-- include act
redis.call('HDEL', error_notes, group_id)
if note ~= '' then
    if redis.call('HLEN', error_notes) >= tonumber(most_notes) then
        return 0
    end
    redis.call('HSET', error_notes, group_id, note)
end
note_act(audit, nil, nil, '', group_id, act, max_audit_entries)
return 1
