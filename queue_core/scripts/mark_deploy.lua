-- mark_deploy: note that another version of the application went live
-- KEYS    deploys list, audit stream
-- ARGV    deploy, most_deploys, act, max_audit_entries
-- gives   OK
-- include act

-- a full Redis refuses a script whose first write can grow it; so the first one takes away
redis.call('LTRIM', deploys, 0, most_deploys - 2)
redis.call('LPUSH', deploys, deploy)
note_act(audit, nil, nil, '', '', act, max_audit_entries)
return 'OK'
