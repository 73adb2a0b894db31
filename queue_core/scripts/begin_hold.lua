-- begin_hold: let a function, or an error group, wait
-- KEYS    hold_records hash, hold_counts any, audit stream
-- ARGV    hold_id, hold_record, most_holds, act, max_audit_entries
-- gives   1 | 0 (there are too many)
if redis.call('HEXISTS', hold_records, hold_id) == 0 and redis.call('HLEN', hold_records) >= tonumber(most_holds) then
    return 0
end
-- a full Redis refuses a script whose first write can grow it
redis.call('HDEL', hold_records, hold_id)
redis.call('HSET', hold_records, hold_id, hold_record)
-- by the ids that stand here workers know what is held when the records cannot be read
redis.pcall('HSETNX', hold_counts, hold_id, 0)
redis.call('XADD', audit, 'MAXLEN', '~', max_audit_entries, '*', 'act', act)
return 1
