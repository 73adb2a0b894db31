"""Uncertain is said so: wherever a reply breaks off, the enqueue says that it does not know, and can be repeated."""

import contextlib

import pytest

from queue_core import Engine
from queue_core.errors import EnqueueUncertain, StoreUnavailable
from queue_core.payload import plain_id
from tests.faults.crash_tasks import again
from tests.proxy import Proxy
from tests.queue_core.worker.seeds import members

REPLY = len("$2\r\nOK\r\n")


@pytest.fixture
def proxy(server):
    with contextlib.closing(Proxy(server.socket_path)) as proxy:
        yield proxy


@pytest.mark.parametrize("when", [None, 4_000_000_000.0], ids=["now", "later"])
@pytest.mark.parametrize("reply_bytes", range(REPLY))
def test_a_reply_that_breaks_off_at_any_byte_is_uncertain_and_makes_no_second_task(proxy, raw, reply_bytes, when):
    task_id = plain_id()
    with contextlib.closing(Engine(proxy.url)) as engine:
        engine.delay(again, queue="others")  # connected, and the script is known
        proxy.cut_after(reply_bytes)
        with pytest.raises(EnqueueUncertain) as caught:
            engine.delay(again, queue="orders", task_id=task_id, when=when)
        assert caught.value.task_id == task_id and isinstance(caught.value, StoreUnavailable)
        engine.delay(again, queue="orders", task_id=task_id, when=when)
    assert members(raw, "queued") + members(raw, "scheduled") == [task_id]


def test_one_that_has_run_meanwhile_is_not_enqueued_again(proxy, raw):
    task_id = plain_id()
    with contextlib.closing(Engine(proxy.url)) as engine:
        engine.delay(again, queue="others")
        proxy.cut_after(1)
        with pytest.raises(EnqueueUncertain):
            engine.delay(again, queue="orders", task_id=task_id, remember_seconds=60)
        session = engine.leases.session("worker")
        (claimed,) = session.claim("orders")
        session.start(claimed)
        session.finish(claimed)
        session.drain()
        engine.delay(again, queue="orders", task_id=task_id, remember_seconds=60)
        session.close()
    assert not members(raw, "queued") and 0 < raw.ttl(f"t:x:remembered:{task_id}") <= 60
