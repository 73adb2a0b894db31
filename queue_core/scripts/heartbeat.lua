-- heartbeat: renew the leases of held tasks      (active -> active)
-- KEYS    active zset, claims hash
-- ARGV    ids_and_leases...
-- where   ids_and_leases: id, lease, id, lease, ...; at most 250 pairs
-- gives   {new lease, id that was lost, ...}
-- include now, lease
local lease = server_now()
-- a full Redis refuses a script whose first write can grow it; so the first one takes away nothing
redis.call('HDEL', claims, '')
local answer = {lease}
for i = 1, #ids_and_leases, 2 do
    local id, shown = ids_and_leases[i], ids_and_leases[i + 1]
    local claim = read_claim(claims, id)
    if claim and holds(active, claims, id, shown) then
        redis.call('ZADD', active, 'XX', lease, id)
        redis.call('HSET', claims, id, claim_record(lease, claim.score_before, claim.started_at, shown, claim.worker))
    else
        answer[#answer + 1] = id
    end
end
keep_claims(claims)
return answer
