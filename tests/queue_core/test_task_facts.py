"""What a query asks of tasks: read in one trip, bounded, and unknown where it cannot be told."""

import json

import pytest

from queue_core import task_facts
from queue_core.error_index import ErrorIndex
from queue_core.query_syntax import parse
from tests.console import seed


def one(world, task_id="a", state="error", queue="orders", score=100.0, **options):
    (found,) = task_facts.read(world.store, queue, state, [(task_id, score)], **options)
    return found


def run(world, task_id="a", **record):
    record = {"time_failed": 100.0, "exception_name": "shop:Down", "host": "w3", "success": False} | record
    world.raw.rpush(world.keys.executions(task_id), json.dumps(record))
    world.raw.set(world.keys.executions_count(task_id), 4)


def test_a_failed_task_tells_all_that_a_query_asks(world):
    world.put("error", args=[1, "two"], kwargs={"user_id": 42})
    run(
        world,
        traceback='Traceback (most recent call last):\n  File "x.py", line 1, in f\n    f()\nshop.Down: no "tea"\n',
    )
    found = one(world)
    assert (found.func, found.args, found.kwargs) == ("app.tasks:work", [1, "two"], {"user_id": 42})
    assert (found.exception_name, found.message, found.host) == ("shop:Down", 'no "tea"', "w3")
    assert (found.killed, found.attempts, found.unread) == (False, 4, "")
    assert parse("args.user_id:42 host:w3 attempts:4 exc:Down msg:tea killed:no").holds(found, 100.0)


def test_a_payload_of_more_than_eight_kilobytes_stays_unread(world):
    world.put("error", kwargs={"blob": "x" * task_facts.PAYLOAD_BYTES, "user_id": 42})
    found = one(world)
    assert (found.func, found.args, found.unread) == ("app.tasks:work", None, task_facts.TOO_LARGE)
    assert parse("args.user_id:42").holds(found, 0) is None


@pytest.mark.parametrize("payload", [b"\xff\xfe", b"null", b"[" * 5000, b'{"args": 5}', b'{"kwargs": []}{'])
def test_what_cannot_be_read_is_unknown_and_hides_no_other_task(world, payload):
    world.put("error", task_id="b")
    world.put("error")
    world.raw.set(world.keys.payload("a"), payload)
    world.raw.rpush(world.keys.executions("a"), payload)
    broken, sound = task_facts.read(world.store, "orders", "error", [("a", 1.0), ("b", 2.0)])
    assert (broken.args, broken.unread) == (None, task_facts.UNREADABLE_PAYLOAD)
    assert sound.args == []


def test_keys_of_other_types_and_missing_ones_are_unknown(world):
    world.put("error")
    world.raw.delete(world.keys.payload("a"))
    assert one(world).unread == task_facts.MISSING
    world.raw.sadd(world.keys.payload("a"), "x")
    found = one(world)
    assert (found.unread, found.func, found.attempts, found.killed) == (task_facts.UNREADABLE_PAYLOAD, None, None, None)


@pytest.mark.parametrize("reason", ["killed", "worker_lost", "quarantined"])
def test_it_tells_when_the_process_died(world, reason):
    world.put("error")
    run(world, x={"reason": reason})
    assert one(world).killed is True


def test_it_tells_when_the_process_died_without_leaving_a_record(world):
    world.put("error", task_id="nothing")
    world.put("error", score=500.0)
    run(world, time_failed=100.0)
    assert one(world, "nothing").killed is True
    assert one(world, score=500.0).killed is True
    world.put("queued", task_id="new")
    assert one(world, "new", "queued").killed is False


def test_only_what_a_query_needs_is_read(world):
    world.put("error")
    before = world.raw.info("commandstats")
    found = one(world, parts=parse("queue:orders age:>1m").reads)
    assert parse("queue:orders age:>1m").holds(found, 200.0)
    after = world.raw.info("commandstats")
    assert after.get("cmdstat_evalsha") == before.get("cmdstat_evalsha")


def test_it_has_the_group_that_the_index_gave_it(engine):
    ids = seed.failed(engine, "mail", 2) + seed.failed(engine, "mail", 1, traceback=None, exception_name="a:B")
    engine.store.client.delete(engine.store.keys.executions(ids[0]))
    index = ErrorIndex(engine.store)
    index.begin({"mail": (3, 1.0)})
    while index.read("mail"):
        pass
    rows = [(task_id, engine.store.client.zscore(engine.store.keys.state("error", "mail"), task_id)) for task_id in ids]
    for found in task_facts.read(engine.store, "mail", "error", rows):
        assert found.id in [task_id for _, task_id, _ in engine.error_groups.tasks(found.group).tasks]
    assert len({found.group for found in task_facts.read(engine.store, "mail", "error", rows)}) == 3
