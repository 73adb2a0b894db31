-- end_hold: take a hold back; what waits for it is put back afterwards, in chunks
-- KEYS    hold_records hash, hold_counts any, audit stream
-- ARGV    hold_id, hold_record, act, max_audit_entries
-- where   hold_record: end it only while that is its record; empty: whatever it is
-- gives   OK
-- refuses NOT_HELD
local record = redis.call('HGET', hold_records, hold_id)
if not record or (hold_record ~= '' and record ~= hold_record) then
    return refuse('NOT_HELD', hold_id)
end
redis.call('HDEL', hold_records, hold_id)
redis.pcall('HDEL', hold_counts, hold_id)
redis.call('XADD', audit, 'MAXLEN', '~', max_audit_entries, '*', 'act', act)
return 'OK'
