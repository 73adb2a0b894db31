"""The locks that a worker holds for what it runs."""

import pytest

from queue_core import Worker
from tests.queue_core.worker.seeds import MODULE


@pytest.fixture
def house(engine):
    engine.allow_list.modules.add(MODULE)
    return Worker(engine, single_worker_queues=["orders"])._house


def test_a_lock_that_was_overwritten_keeps_nothing_else_from_being_renewed(raw, house):
    assert house.access.enter("orders") and house.task_locks.take("broken") and house.task_locks.take("good")
    raw.delete("t:lockv2:broken")
    raw.hset("t:lockv2:broken", "foreign", 1)
    raw.pexpire("t:lockv2:good", 5000)
    (_, before), *_ = raw.zrange("t:qslock:orders", 0, -1, withscores=True)
    house.renew()
    (_, after), *_ = raw.zrange("t:qslock:orders", 0, -1, withscores=True)
    assert after > before and raw.pttl("t:lockv2:good") > 5000
    house.task_locks.release_all()
    assert raw.hgetall("t:lockv2:broken") == {b"foreign": b"1"} and not raw.exists("t:lockv2:good")
