"""A retry of all while the sweeper is killed, in small; how long it takes is measured only."""

import pytest
import redis

from bench import bulk_retry
from tests.checker import assert_sound


@pytest.mark.timeout(600)
def test_a_retry_of_all_survives_the_death_of_its_sweeper_to_the_last_task(own_server, tmp_path):
    told = []
    report = bulk_retry.run(own_server, tmp_path, tasks=3000, kills=1, tell=told.append)
    assert report.wrong == []
    assert report.matched == 3000 and report.skipped > 3
    assert any("killed at" in line for line in told) and any("%" in line for line in told), "it can be followed"
    assert report.pings_ms and report.enqueues_ms
    with redis.Redis.from_url(own_server.url) as raw:
        for task_id in raw.zrange(f"t:error:{bulk_retry.QUEUE}", 0, -1):  # those that lost their payload on purpose
            raw.zrem(f"t:error:{bulk_retry.QUEUE}", task_id)
            raw.delete(b"t:task:%s:executions" % task_id, b"t:task:%s:executions_count" % task_id)
        raw.srem("t:error", bulk_retry.QUEUE)
        assert_sound(raw)
