import contextlib
import json
import math
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from queue_core import Engine, Settings
from queue_core.errors import InvalidRequest, OperationEnded, OperationNotFound, UnknownState
from queue_core.operations import SMALL
from tests.builders import ANNA, HOSTILE_ID, HOSTILE_QUEUE, full_memory, payload_text
from tests.checker import assert_sound
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def operations(engine):
    return engine.operations


def put_many(world, count, state="error", queue="orders", first_score=1.0, step=1.0):
    """Tasks in a state, scores in even steps; their ids."""
    ids = [f"{number:05}" for number in range(count)]
    pipeline = world.raw.pipeline()
    for number, one in enumerate(ids):
        pipeline.zadd(f"t:{state}:{queue}", {one: first_score + number * step})
        pipeline.set(f"t:task:{one}", payload_text(one))
    pipeline.sadd(f"t:{state}", queue)
    pipeline.execute()
    return ids


def start(operations, verb="retry", state="error", queue="orders", **more):
    return operations.start(verb, queue, state, actor=ANNA, reason="fixed", **more)


def run(operations, operation):
    while not operation.ended:
        operation = operations.step(operation.id)
    return operation


def numbers(operation):
    return operation.matched, operation.done, operation.skipped, operation.remaining, operation.status


def test_a_new_operation_is_written_down_and_nothing_has_happened(world, operations):
    put_many(world, 3)
    operation = start(operations)
    assert numbers(operation) == (3, 0, 0, 3, "running")
    assert (operation.verb, operation.queue, operation.state, operation.actor, operation.door) == (
        "retry", "orders", "error", "anna", "command line",
    )  # fmt: skip
    assert operations.get(operation.id) == operation and operations.running() == [operation]
    assert len(world.scores("error")) == 3
    (entry,) = world.acts()
    assert entry["operation_id"] == operation.id and entry["facts"]["matched"] == 3
    assert_sound(world.raw)


@pytest.mark.parametrize(
    ("verb", "state", "goes_to"),
    [
        ("retry", "error", "queued"), ("purge", "error", None), ("delete", "error", None), ("delete", "queued", None),
        ("clear", "queued", None), ("clear", "scheduled", None),
    ],
)  # fmt: skip
def test_it_does_to_all_what_the_act_does_to_one(world, operations, verb, state, goes_to):
    ids = put_many(world, 450, state)
    operation = run(operations, start(operations, verb, state))
    assert numbers(operation) == (450, 450, 0, 0, "done") and operation.percent == 100
    assert world.scores(state) == {}
    assert list(world.scores(goes_to) if goes_to else ids) == ids
    assert len(world.acts()) == 1, "an operation has one entry"
    assert operations.running() == [] and operations.newest() == [operation]
    assert_sound(world.raw)


def test_what_came_after_the_cut_off_stays(world, operations):
    put_many(world, 10)
    operation = run(operations, start(operations, "purge", not_after=4.0))
    assert numbers(operation) == (4, 4, 0, 0, "done")
    assert min(world.scores("error").values()) == 5.0


def test_tasks_that_fail_again_meanwhile_are_not_swept_in(world, redis_url):
    engine = Engine(redis_url, Settings(operation_chunk=3))
    put_many(world, 9)
    operation = start(engine.operations)
    while not operation.ended:
        operation = engine.operations.step(operation.id)
        for one in world.scores("queued"):  # a worker fails all of them at once
            world.raw.zrem("t:queued:orders", one)
            world.raw.zadd("t:error:orders", {one: engine.store.now() + 1})
    assert numbers(operation) == (9, 9, 0, 0, "done")
    assert len(world.scores("error")) == 9
    engine.close()


def test_a_selection_touches_only_what_was_chosen(world, operations):
    put_many(world, 10)
    chosen = ["00003", "00007", "00003", "missing"]
    operation = run(operations, start(operations, "delete", task_ids=chosen))
    assert numbers(operation) == (3, 2, 1, 0, "done") and operation.selected
    assert len(world.scores("error")) == 8
    assert_sound(world.raw)


def test_ten_thousand_can_be_chosen(world, operations):
    put_many(world, 3)
    operation = start(operations, "delete", task_ids=[f"{number:05}" for number in range(10_000)])
    operation = operations.step(operation.id)
    assert (operation.done, operation.skipped) == (3, 197)


def test_hostile_names_can_be_chosen(world, operations):
    world.put("error", HOSTILE_QUEUE, HOSTILE_ID)
    operation = run(operations, start(operations, "retry", queue=HOSTILE_QUEUE, task_ids=[HOSTILE_ID]))
    assert numbers(operation) == (1, 1, 0, 0, "done")
    assert HOSTILE_ID in world.scores("queued", HOSTILE_QUEUE)
    assert operations.get(operation.id).queue == HOSTILE_QUEUE


@pytest.mark.parametrize("bad", [0, 1, 5, 9])
def test_what_cannot_be_retried_is_passed_and_counted(world, redis_url, bad):
    engine = Engine(redis_url, Settings(operation_chunk=3))
    ids = put_many(world, 10)
    world.raw.delete(f"t:task:{ids[bad]}")
    operation = run(engine.operations, start(engine.operations))
    assert numbers(operation) == (10, 9, 1, 0, "done")
    assert list(world.scores("error")) == [ids[bad]]
    engine.close()


def test_what_cannot_be_retried_and_leaves_then_hides_nothing(world, redis_url):
    engine = Engine(redis_url, Settings(operation_chunk=3))
    ids = put_many(world, 10)
    world.raw.delete(f"t:task:{ids[0]}", f"t:task:{ids[1]}")
    operation = engine.operations.step(start(engine.operations).id)
    assert (operation.done, operation.skipped) == (1, 2)
    world.raw.zrem("t:error:orders", ids[0], ids[1])
    operation = run(engine.operations, operation)
    assert numbers(operation) == (10, 8, 2, 0, "done") and world.scores("error") == {}
    engine.close()


def test_what_somebody_else_took_meanwhile_hides_nothing(world, redis_url):
    engine = Engine(redis_url, Settings(operation_chunk=4))
    ids = put_many(world, 12)
    operations = engine.operations
    send_all, taken = engine.store.send_all, []

    def take_first(calls):
        if not taken:
            taken.append(engine.control.delete("orders", "error", ids[1], actor=ANNA))
        return send_all(calls)

    operation = start(operations)
    engine.store.send_all = take_first
    operation = run(operations, operation)
    assert numbers(operation) == (12, 11, 1, 0, "done") and world.scores("error") == {}
    engine.close()


def test_what_left_before_it_was_met_counts_as_skipped(world, operations):
    ids = put_many(world, 5)
    operation = start(operations)
    world.raw.zrem("t:error:orders", *ids[2:])
    assert numbers(run(operations, operation)) == (5, 2, 3, 0, "done")


def test_an_operation_on_nothing_ends_at_once(operations):
    operation = operations.step(start(operations).id)
    assert numbers(operation) == (0, 0, 0, 0, "done") and operation.percent == 100


def test_a_cancelled_operation_keeps_what_was_done(world, redis_url):
    engine = Engine(redis_url, Settings(operation_chunk=3))
    put_many(world, 10)
    operation = engine.operations.step(start(engine.operations).id)
    engine.operations.cancel(operation.id, actor=ANNA)
    operation = engine.operations.step(operation.id)
    assert numbers(operation) == (10, 3, 0, 7, "cancelled")
    assert len(world.scores("error")) == 7
    assert world.acts()[-1]["verb"] == "cancel_operation"
    with pytest.raises(OperationEnded):
        engine.operations.cancel(operation.id, actor=ANNA)
    assert_sound(world.raw)
    engine.close()


def test_a_cancellation_in_the_middle_of_a_chunk_stops_it_there(world, engine):
    put_many(world, 200)
    operation = start(engine.operations)
    stepping = threading.Thread(target=engine.operations.step, args=[operation.id])
    other = Engine(f"unix://{engine.store.client.connection_pool.connection_kwargs['path']}")
    stepping.start()
    with contextlib.suppress(OperationEnded):  # it was quicker
        other.operations.cancel(operation.id, actor=ANNA)
    stepping.join()
    operation = other.operations.get(operation.id)
    assert operation.ended and operation.done == len(world.scores("queued"))
    assert operation.done + operation.remaining + operation.skipped == 200
    other.close()


def test_two_processes_do_not_step_the_same_operation_at_once(world, engine, redis_url):
    put_many(world, 10)
    operation = start(engine.operations)
    assert engine.workers.hold(f"operation:{operation.id}", "somebody else", 30)
    assert engine.operations.step(operation.id) == operation


STEP_FOR_EVER = """
import json, sys
from queue_core import Engine, Settings
facts = json.loads(sys.argv[1])
engine = Engine(facts["url"], Settings(operation_chunk=10))
while not engine.operations.step(facts["id"]).ended:
    print("stepped", flush=True)
"""


def test_a_killed_process_leaves_exact_numbers_and_another_goes_on(world, engine, redis_url):
    ids = put_many(world, 2_000)
    world.raw.delete(*(f"t:task:{one}" for one in ids[::100]))
    operation = start(engine.operations)
    facts = json.dumps({"url": redis_url, "id": operation.id})
    process = subprocess.Popen([sys.executable, "-c", STEP_FOR_EVER, facts], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: engine.operations.get(operation.id).done > 300)
    finally:
        process.kill()
        process.wait()
    half = engine.operations.get(operation.id)
    assert not half.ended and half.done == len(world.scores("queued"))
    assert half.done + half.remaining + half.skipped == 2_000
    world.raw.delete(f"t:x:lease:operation:{operation.id}")  # as it will end by itself
    operation = run(engine.operations, half)
    assert numbers(operation) == (2_000, 1_980, 20, 0, "done")
    assert len(world.scores("queued")) == 1_980 and list(world.scores("error")) == ids[::100]


def test_small_ones_are_done_at_once_and_large_ones_are_left_to_the_sweeper(world, operations):
    put_many(world, SMALL, queue="small")
    put_many(world, SMALL + 1, queue="large")
    assert operations.run_small(start(operations, queue="small")).status == "done"
    assert numbers(operations.run_small(start(operations, queue="large")))[1] == 0


def test_a_purge_goes_through_while_redis_is_full(world, operations):
    put_many(world, 300)
    with full_memory(world.raw):
        operation = run(operations, start(operations, "purge"))
    assert numbers(operation) == (300, 300, 0, 0, "done")
    assert_sound(world.raw)


@pytest.mark.parametrize(
    ("verb", "state", "more", "error"),
    [
        ("explode", "error", {}, InvalidRequest),
        ("retry", "queued", {}, InvalidRequest),
        ("clear", "error", {}, InvalidRequest),
        ("delete", "active", {}, UnknownState),
        ("retry", "nowhere", {}, UnknownState),
        ("delete", "error", {"task_ids": []}, InvalidRequest),
        ("delete", "error", {"task_ids": ["a"] * 10_001}, InvalidRequest),
    ],
)
def test_what_makes_no_sense_is_refused(world, operations, verb, state, more, error):
    with pytest.raises(error):
        start(operations, verb, state, **more)
    assert world.dump() == {}


def test_an_operation_that_is_not_there(operations):
    for ask in (operations.get, operations.step, lambda one: operations.cancel(one, actor=ANNA)):
        with pytest.raises(OperationNotFound):
            ask("nonsense")


def test_of_very_many_the_oldest_that_have_ended_go_with_all_that_was_kept_of_them(world, redis_url):
    engine = Engine(redis_url, Settings(max_operations=2))
    running = start(engine.operations)
    ended = [run(engine.operations, start(engine.operations)) for _ in range(4)]
    world.raw.zadd(f"t:x:operation:{ended[0].id}:failed", {"x": 1.0})
    assert engine.operations.prune() == 3
    assert [one.id for one in engine.operations.newest()] == [ended[3].id, running.id]
    assert not [key for one in ended[:3] for key in world.raw.scan_iter(f"t:x:operation:{one.id}*")]
    assert engine.operations.prune() == 0 and engine.operations.get(running.id).status == "running"
    assert_sound(world.raw)
    engine.close()


def test_what_has_not_ended_is_kept_however_many_there_are(world, redis_url):
    engine = Engine(redis_url, Settings(max_operations=1))
    started = [start(engine.operations) for _ in range(3)]
    assert engine.operations.prune() == 0 and len(engine.operations.newest()) == len(started)
    engine.close()


def test_the_list_is_read_page_by_page_whoever_comes_or_goes(world, operations):
    started = [start(operations).id for _ in range(7)][::-1]
    world.raw.zadd("t:x:operations", dict.fromkeys(started[2:5], 1000.0) | {started[5]: 900.0, started[6]: 800.0})
    first = operations.page(limit=3)
    found, cursor = [one.id for one in first.operations], first.next_cursor
    start(operations)
    world.raw.zrem("t:x:operations", found[-1])
    while cursor:
        page = operations.page(cursor=cursor, limit=3)
        found, cursor = found + [one.id for one in page.operations], page.next_cursor
    assert sorted(found) == sorted(started) and found[-2:] == started[5:]
    assert operations.reaches_back_to() == 800.0


@pytest.mark.parametrize("cursor", ["x", "nan:x", "5", ":", "\udcff:1"])
def test_a_place_in_the_list_that_is_none_is_refused(operations, cursor):
    with pytest.raises(InvalidRequest):
        operations.page(cursor=cursor)


def test_an_empty_list_reaches_back_to_nothing(operations):
    assert operations.reaches_back_to() is None and operations.page().operations == []
    assert operations.page(cursor="inf:x").operations == operations.page(cursor="5:").operations == []


def test_ended_operations_are_kept_for_a_while_and_taken_off_the_list(world, redis_url):
    engine = Engine(redis_url, Settings(operation_keep_seconds=60))
    ended = run(engine.operations, start(engine.operations))
    running = start(engine.operations)
    world.raw.zadd("t:x:operations", {ended.id: 1.0, running.id: 1.0})
    assert 0 < world.raw.ttl(f"t:x:operation:{ended.id}") <= 60
    world.raw.delete(f"t:x:operation:{ended.id}")
    assert [one.id for one in engine.operations.newest()] == [running.id]
    assert engine.operations.prune() == 1
    assert world.raw.zrange("t:x:operations", 0, -1) == [running.id.encode()]
    engine.close()


SOUND = {
    "verb": "retry", "queue": "q", "state": "error", "actor": "ann", "door": "web", "reason": "",
    "created_at": 1.0, "not_after": 2.0, "selected": False,
}  # fmt: skip
RUNNING = {"status": "running", "matched": 1, "done": 0, "skipped": 0}


def test_a_sound_record_is_an_operation(world, operations):
    world.raw.hset("t:x:operation:good", mapping=RUNNING | {"record": json.dumps(SOUND)})
    assert operations.get("good").verb == "retry"


@pytest.mark.parametrize(
    "odd",
    [
        {"verb": "explode"},
        {"state": "limbo"},
        {"queue": 7},
        {"reason": ["x"]},
        {"created_at": "x"},
        {"not_after": "x"},
        {"not_after": None},
        {"canary": 1.5},
        {"created_at": math.nan},
    ],
)
def test_a_record_with_an_odd_value_is_no_operation(world, operations, odd):
    world.raw.hset("t:x:operation:bad", mapping=RUNNING | {"record": json.dumps(SOUND | odd)})
    with pytest.raises(OperationNotFound):
        operations.get("bad")


@pytest.mark.parametrize(
    "fields", [{"record": "{"}, {"record": "[]"}, {"status": "running"}, {"record": "{}", "done": "x"}]
)
def test_an_unreadable_record_is_no_operation(world, operations, fields):
    world.raw.hset("t:x:operation:bad", mapping=fields)
    world.raw.zadd("t:x:operations", {"bad": 1})
    good = start(operations)
    assert operations.newest() == [good]
    with pytest.raises(OperationNotFound):
        operations.get("bad")


def test_scheduled_tasks_that_become_due_later_are_cleared_too(world, operations):
    put_many(world, 5, "scheduled", first_score=9e9)
    assert numbers(run(operations, start(operations, "clear", "scheduled"))) == (5, 5, 0, 0, "done")


def test_counts_know_the_cut_off(world, operations):
    put_many(world, 10)
    assert operations.count("orders", "error") == 10
    assert operations.count("orders", "error", 4.0) == 4
    assert operations.count("orders", "queued") == 0


def lying_there(engine):
    return {entry.task_id for entry in engine.trash.page(limit=200).entries}


@pytest.mark.parametrize(("verb", "state"), [("purge", "error"), ("delete", "queued"), ("clear", "scheduled")])
def test_what_an_operation_deleted_is_brought_back_by_another(world, engine, operations, verb, state):
    put_many(world, 450, state)
    before = world.scores(state)
    deleted = run(operations, start(operations, verb, state))
    assert world.scores(state) == {} and engine.trash.size().tasks == 450
    undo = operations.undo(deleted.id, actor=ANNA, reason="the wrong queue")
    assert (undo.verb, undo.undoes, undo.matched) == ("restore", deleted.id, 450)
    assert numbers(run(operations, undo)) == (450, 450, 0, 0, "done")
    assert world.scores(state) == before and engine.trash.size().tasks == 0
    assert [entry["verb"] for entry in world.acts()] == [verb, "restore"]
    assert_sound(world.raw)


def test_what_cannot_come_back_is_counted_as_skipped_and_does_not_stop_the_others(world, engine, operations):
    ids = put_many(world, 250)
    deleted = run(operations, start(operations, "purge"))
    for one in ids[3:10]:
        world.put("queued", task_id=one)
    assert numbers(run(operations, operations.undo(deleted.id, actor=ANNA))) == (250, 243, 7, 0, "done")
    assert lying_there(engine) == set(ids[3:10])


def test_an_operation_that_frees_memory_leaves_nothing_to_undo(world, engine, operations):
    put_many(world, 3)
    deleted = run(operations, start(operations, "purge", to_trash=False))
    assert engine.trash.size().tasks == 0 and world.acts()[0]["facts"]["for_good"]
    with pytest.raises(InvalidRequest, match="in the trash"):
        operations.undo(deleted.id, actor=ANNA)


def test_a_running_operation_is_not_undone(world, operations):
    put_many(world, 3)
    with pytest.raises(InvalidRequest, match="still running"):
        operations.undo(start(operations, "purge").id, actor=ANNA)


def test_a_restore_is_started_by_undo_alone(operations):
    with pytest.raises(InvalidRequest):
        start(operations, "restore")


def test_a_paused_operation_stands_still_until_it_is_resumed(world, redis_url):
    engine = Engine(redis_url, Settings(operation_chunk=3))
    operations = engine.operations
    put_many(world, 10)
    operation = operations.step(start(operations).id)
    operations.pause(operation.id, actor=ANNA, reason="the bank is away")
    operation = operations.step(operation.id)
    assert numbers(operation) == (10, 3, 0, 7, "paused") and not operation.ended
    assert (operation.paused_because, operation.seconds_left(engine.store.now())) == ("the bank is away", None)
    assert operations.running() == [operation]
    operations.resume(operation.id, actor=ANNA)
    assert numbers(run(operations, operations.get(operation.id))) == (10, 10, 0, 0, "done")
    assert [act["verb"] for act in world.acts()] == ["retry", "pause_operation", "resume_operation"]
    assert_sound(world.raw)
    engine.close()


def test_a_paused_operation_can_be_cancelled_and_is_not_resumed_then(world, operations):
    put_many(world, 10)
    operation = start(operations)
    operations.pause(operation.id, actor=ANNA)
    assert operations.get(operation.id).paused_because == "paused by anna"
    operations.cancel(operation.id, actor=ANNA)
    assert operations.get(operation.id).status == "cancelled"
    for act in (operations.pause, operations.resume):
        with pytest.raises(OperationEnded):
            act(operation.id, actor=ANNA)


def test_a_rate_is_honoured_and_can_be_changed(world, engine, operations):
    put_many(world, 500)
    operation = start(operations, rate=20)
    begun = engine.store.now()
    assert operations.run_small(operation) == operation, "a rate makes it none of the small ones"
    while (operation := operations.step(operation.id)).done < 10:
        pass
    seconds = engine.store.now() - begun
    assert seconds > 0.4, "nine of them had to wait a twentieth of a second each"
    assert operation.seconds_left(engine.store.now()) == operation.remaining / 20
    operations.change_rate(operation.id, 0, actor=ANNA)
    assert numbers(run(operations, operations.get(operation.id))) == (500, 500, 0, 0, "done")


@pytest.mark.parametrize("rate", [-1, 0.001, 1e9, float("nan")])
def test_an_odd_rate_is_refused(world, operations, rate):
    with pytest.raises(InvalidRequest):
        start(operations, rate=rate)
    assert world.dump() == {}


def test_without_a_rate_the_time_left_is_judged_by_what_was_done(world, redis_url):
    engine = Engine(redis_url, Settings(operation_chunk=3))
    put_many(world, 12)
    operation = start(engine.operations)
    assert operation.seconds_left(engine.store.now()) is None
    operation = engine.operations.step(operation.id)
    assert operation.seconds_left(operation.created_at + 10) == pytest.approx(30)
    engine.close()


def with_canary(world, engine, **more):
    """An operation of ten whose first three have been released before a backlog; their ids."""
    world.put("queued", task_id="backlog", score=50.0)
    ids = put_many(world, 10)
    operation = engine.operations.step(start(engine.operations, canary=3, **more).id)
    assert numbers(operation) == (10, 3, 0, 7, "running")
    assert list(world.scores("queued")) == [*reversed(ids[:3]), "backlog"]
    return operation, ids[:3]


def answer(world, ids, state=None):
    for one in ids:
        world.raw.zrem("t:queued:orders", one)
        if state:
            world.put(state, task_id=one, score=2e9)
        else:
            world.raw.delete(f"t:task:{one}")


def test_the_rest_waits_for_the_canary_and_follows_when_it_came_through(world, engine):
    operation, ids = with_canary(world, engine)
    answer(world, ids[:2])
    operation = engine.operations.step(operation.id)
    assert operation.done == 3 and operation.waits_for_canary and operation.seconds_left(9e9) is None
    answer(world, ids[2:])
    assert numbers(run(engine.operations, operation)) == (10, 10, 0, 0, "done")
    assert_sound(world.raw)


@pytest.mark.parametrize("allowed", [0, 1])
def test_a_canary_that_fails_too_often_pauses_the_operation(world, engine, allowed):
    operation, ids = with_canary(world, engine, canary_failures=allowed)
    answer(world, ids[: allowed + 1], "error")
    operation = engine.operations.step(operation.id)
    assert (operation.status, operation.done) == ("paused", 3)
    assert operation.paused_because == f"canary: {allowed + 1} of 3 failed again"
    assert world.acts()[-1]["verb"] == "pause_operation" and world.acts()[-1]["actor"] == "signalbox"
    engine.operations.resume(operation.id, actor=ANNA)
    assert run(engine.operations, engine.operations.get(operation.id)).done == 10
    assert_sound(world.raw)


def put_in_mail(world, count):
    """More errors, in the queue mail; their ids."""
    ids = [f"m{number}" for number in range(count)]
    for number, one in enumerate(ids):
        world.put("error", queue="mail", task_id=one, score=1.0 + number)
    return ids


def start_together(world, engine, orders=10, **more):
    """One act on errors in two queues, with a canary of three in the larger; both operations after a step of each."""
    chosen = {"mail": put_in_mail(world, 2), "orders": put_many(world, orders)}
    options = {"actor": ANNA, "canary": 3} | more
    started = engine.operations.start_together("retry", "error", chosen, **options)
    return [engine.operations.step(one.id) for one in started]


def test_operations_of_one_act_share_rate_and_canary(world, engine):
    lead, other = start_together(world, engine, rate=12_000)
    assert (lead.queue, lead.canary, lead.rate) == ("orders", 3, 10_000)
    assert (other.queue, other.canary, other.rate) == ("mail", 0, 2_000)
    assert lead.together == other.together == (lead.id, other.id)
    together = engine.operations.together(other)
    assert (together.matched, together.done + together.remaining, len(together.open)) == (12, 12, 2)
    assert other.follows_canary and other.done == 0 and other.seconds_left(9e9) is None


def test_the_sums_of_one_act_tell_what_stands_and_what_goes_on(world, engine):
    lead, other = start_together(world, engine, canary=0, rate=60)
    together = engine.operations.together(lead)
    assert together.statuses in ([("running", 2)], [("running", 1), ("done", 1)]) and not together.paused
    engine.operations.pause(lead.id, actor=ANNA)
    together = engine.operations.together(other)
    assert together.statuses[0] == ("paused", 1) and together.met == lead.met + other.met
    for one in together.open:
        engine.operations.pause(one.id, actor=ANNA)
    together = engine.operations.together(lead)
    assert together.paused and together.seconds_left(9e9) is None
    assert together.rate == sum(one.rate for one in together.open)


def test_the_other_queues_follow_when_the_canary_came_through(world, engine):
    lead, other = start_together(world, engine)
    answer(world, ["00000", "00001", "00002"])
    lead = run(engine.operations, lead)
    assert run(engine.operations, other).done == 2 and lead.done == 10
    assert_sound(world.raw)


def test_the_other_queues_stand_still_as_long_as_the_canary_is_in_doubt(world, engine):
    lead, other = start_together(world, engine)
    answer(world, ["00000"], "error")
    assert engine.operations.step(lead.id).paused
    assert engine.operations.step(other.id).done == 0
    engine.operations.resume(lead.id, actor=ANNA)
    assert run(engine.operations, other).done == 2


def test_when_the_canary_is_cancelled_the_other_queues_pause(world, engine):
    lead, other = start_together(world, engine)
    engine.operations.cancel(lead.id, actor=ANNA)
    other = engine.operations.step(other.id)
    assert other.paused and other.paused_because == "the operation with the canary was cancelled"
    engine.operations.resume(other.id, actor=ANNA)
    assert run(engine.operations, other).done == 2


def test_a_canary_that_is_all_of_its_queue_still_decides(world, engine):
    lead, other = start_together(world, engine, orders=3)
    assert lead.done == 3 and engine.operations.step(other.id).done == 0
    answer(world, ["00000", "00001", "00002"], "error")
    for operation, tasks in engine.operations.followed():
        engine.operations.settle(operation, tasks)
    assert engine.operations.step(other.id).paused_because == "canary: 3 of 3 failed again"


def test_a_rate_is_shared_by_what_is_left(world, engine):
    lead, other = start_together(world, engine, canary=0, rate=60)
    engine.operations.share_rate([lead.id, other.id], 0, actor=ANNA)
    assert [engine.operations.get(one).rate for one in (lead.id, other.id)] == [0, 0]


def test_an_act_on_one_queue_is_an_operation_like_any_other(world, engine):
    (operation,) = engine.operations.start_together("retry", "error", {"orders": put_many(world, 2)}, actor=ANNA)
    assert operation.together == () and run(engine.operations, operation).done == 2


def test_a_canary_without_an_answer_pauses_the_operation(world, engine):
    operation, ids = with_canary(world, engine, canary_seconds=0.05)
    answer(world, ids[:2])
    wait_until(lambda: engine.operations.step(operation.id).paused)
    assert engine.operations.get(operation.id).paused_because == "canary: 1 of 3 came to no end within 0.05 s"


@pytest.mark.parametrize(
    ("verb", "more"),
    [("purge", {"canary": 1}), ("retry", {"canary": 101}), ("retry", {"canary": 1, "canary_seconds": 0})],
)
def test_an_odd_canary_is_refused(world, operations, verb, more):
    with pytest.raises(InvalidRequest):
        start(operations, verb, **more)
    assert world.dump() == {}


def test_what_is_skipped_is_told_apart(world, operations):
    ids = put_many(world, 10)
    world.raw.delete(f"t:task:{ids[0]}", f"t:task:{ids[1]}")
    operation = start(operations)
    world.raw.zrem("t:error:orders", *ids[7:])
    operation = run(operations, operation)
    assert (operation.done, operation.skipped, operation.stayed, operation.gone) == (5, 5, 2, 3)


def test_one_key_that_is_no_record_stops_no_other_operation(world, operations):
    put_many(world, 2)
    good = start(operations)
    for odd in ("text", "gone"):
        world.raw.zadd("t:x:operations:running", {odd: 0.5})
    world.raw.set("t:x:operation:text", "no hash")
    assert [one.id for one in operations.running()] == [one.id for one in operations.advancing()] == [good.id]
    operations.prune()
    assert world.raw.zrange("t:x:operations:running", 0, -1) == [b"text", good.id.encode()]


def test_what_stands_still_keeps_nothing_behind_it_from_advancing(world, operations):
    put_many(world, 1)
    for _ in range(100):
        operations.pause(start(operations).id, actor=ANNA)
    last = start(operations)
    assert last.id not in {one.id for one in operations.running()}
    assert [one.id for one in operations.advancing()] == [last.id]
