-- What an operator's act must leave: an entry in the audit trail, or, as part of an operation, a mark in its record.
-- Returns a refusal when the operation has ended meanwhile.
local function refuse_ended(operation, operation_id)
    if operation_id ~= '' and redis.call('HGET', operation, 'status') ~= 'running' then
        return refuse('OPERATION_ENDED', operation_id)
    end
end

local function note_act(audit, operation, operation_ids, operation_id, id, act, max_audit_entries)
    if operation_id == '' then
        redis.call('XADD', audit, 'MAXLEN', '~', max_audit_entries, '*', 'act', act)
    else
        redis.call('HINCRBY', operation, 'done', 1)
        redis.call('LREM', operation_ids, 1, id)
    end
end

-- An operation acts only on what it was shown: entries that came later stay.
local function came_later(score, not_after)
    return not_after ~= '' and tonumber(score) > tonumber(not_after)
end
