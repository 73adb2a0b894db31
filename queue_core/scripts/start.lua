-- start: say that a claimed task begins to run      (active -> active)
-- KEYS    active zset, claims hash
-- ARGV    id, lease
-- gives   OK
-- refuses LEASE_LOST
-- include now, lease
local claim = read_claim(claims, id)
if not claim or not holds(active, claims, id, lease) then
    return refuse('LEASE_LOST', id)
end
-- a full Redis refuses a script whose first write can grow it; so the first one takes away nothing
redis.call('HDEL', claims, '')
redis.call('HSET', claims, id, claim_record(claim.lease, claim.score_before, server_now(), claim.previous, claim.worker))
return 'OK'
