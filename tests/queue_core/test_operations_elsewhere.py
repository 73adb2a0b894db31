"""Operations that lead tasks elsewhere: into another queue, or to another time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_core import Engine, Settings
from queue_core.errors import InvalidQueueName, InvalidRequest, StoreCorrupt, StoreFull, UnknownState
from queue_core.hold import ASIDE_AT
from queue_core.operations import Plan
from queue_core.operations.plan import LATEST_DUE, new_due_at
from tests.builders import ANNA, HOSTILE_ID, HOSTILE_QUEUE, full_memory
from tests.checker import assert_sound
from tests.queue_core import failures
from tests.queue_core.test_operations import numbers, put_many, run
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
FAR = 9e9
"""A time at which nothing is due while a test runs."""


@pytest.fixture
def operations(engine):
    return engine.operations


@pytest.fixture
def in_threes(world, redis_url):
    engine = Engine(redis_url, Settings(operation_chunk=3))
    yield engine.operations
    engine.close()


def move(operations, state="error", queue="orders", to_queue="mail", **more):
    return operations.start("move", queue, state, actor=ANNA, reason="wrong queue", to_queue=to_queue, **more)


def reschedule(operations, state="scheduled", queue="orders", **more):
    return operations.start("reschedule", queue, state, actor=ANNA, reason="night", **more)


def payload_of(world, task_id):
    return json.loads(world.raw.get(f"t:task:{task_id}"))


# -- move --


@pytest.mark.parametrize("state", ["error", "queued", "scheduled"])
def test_all_of_a_state_stand_in_the_other_queue_with_their_scores(world, operations, state):
    put_many(world, 450, state, first_score=FAR if state == "scheduled" else 1.0)
    before = world.scores(state)
    operation = run(operations, move(operations, state))
    assert numbers(operation) == (450, 450, 0, 0, "done")
    assert world.scores(state, "mail") == before and world.scores(state) == {}
    assert (operation.to_queue, operation.queues) == ("mail", ["orders", "mail"])
    (entry,) = world.acts()
    assert (entry["verb"], entry["facts"]["to_queue"]) == ("move", "mail")
    assert_sound(world.raw)


def test_a_move_wakes_the_workers_of_the_other_queue(world, operations):
    put_many(world, 3, "queued")
    with world.published() as published:
        run(operations, move(operations, "queued"))
    assert set(published) == {"mail"}


def test_what_is_ticked_is_moved_and_what_has_left_is_skipped(world, operations):
    ids = put_many(world, 6)
    operation = run(operations, move(operations, task_ids=[ids[1], "gone", ids[4]]))
    assert numbers(operation) == (3, 2, 1, 0, "done")
    assert list(world.scores("error", "mail")) == [ids[1], ids[4]]


def test_what_a_query_means_is_moved_and_what_failed_later_stays(world, operations):
    for number in range(30):
        name = "builtins.ValueError" if number % 3 == 0 else "shop.errors.GatewayDown"
        failures.fail(world, f"{number:03}", at=100.0 + number, name=name)
    operation = move(operations, query="exc:ValueError")
    failures.fail(world, "late", at=FAR, name="builtins.ValueError")
    operation = run(operations, operation)
    assert (operation.done, operation.passed_by, operation.matched) == (10, 20, 30)
    assert len(world.scores("error", "mail")) == 10 and "late" in world.scores("error")


def test_a_task_that_the_other_queue_holds_already_stays_and_hides_nothing(world, in_threes):
    ids = put_many(world, 10)
    world.raw.zadd("t:queued:mail", {ids[1]: 5.0})
    world.raw.sadd("t:queued", "mail")
    operation = run(in_threes, move(in_threes))
    assert numbers(operation) == (10, 9, 1, 0, "done") and operation.stayed == 1
    assert list(world.scores("error")) == [ids[1]]


def test_hostile_names_are_moved(world, operations):
    world.put("error", HOSTILE_QUEUE, HOSTILE_ID)
    assert run(operations, move(operations, queue=HOSTILE_QUEUE)).done == 1
    assert HOSTILE_ID in world.scores("error", "mail")


def test_a_cancelled_move_leaves_each_task_in_one_queue(world, in_threes):
    put_many(world, 10)
    operation = in_threes.step(move(in_threes).id)
    in_threes.cancel(operation.id, actor=ANNA)
    assert (len(world.scores("error")), len(world.scores("error", "mail"))) == (7, 3)
    assert_sound(world.raw)


@pytest.mark.parametrize("leaving", [1, 3])
def test_when_those_it_passed_leave_the_others_of_their_score_are_met_all_the_same(world, engine, in_threes, leaving):
    for number in range(700):
        world.put("scheduled", task_id=f"{number:03}", score=FAR, func="a:b" if number % 2 else "c:d")
    operation = in_threes.step(move(in_threes, "scheduled", query="func:a*").id)
    passed = world.raw.hget(f"t:x:operation:{operation.id}", "passed_id")
    stays = [one for one in world.scores("scheduled") if one <= passed.decode()]
    world.raw.zrem("t:scheduled:orders", *stays[-leaving:])
    operation = run(in_threes, operation)
    assert (operation.done, operation.passed_by, operation.skipped) == (350, 350, 0)
    assert len(world.scores("scheduled", "mail")) == 350


def test_when_one_it_could_not_move_leaves_the_others_of_its_score_are_moved(world, in_threes):
    ids = put_many(world, 20, step=0.0)
    world.raw.zadd("t:queued:mail", dict.fromkeys(ids[1:3], 5.0))
    world.raw.sadd("t:queued", "mail")
    operation = in_threes.step(move(in_threes).id)
    assert (operation.done, operation.skipped) == (1, 2)
    world.raw.zrem("t:error:orders", ids[2])
    operation = run(in_threes, operation)
    assert (operation.done, operation.skipped, list(world.scores("error"))) == (18, 2, [ids[1]])


# -- another time --


def test_each_is_shifted_by_the_same_and_says_so_in_its_payload(world, operations):
    put_many(world, 450, "scheduled", first_score=FAR)
    before = world.scores("scheduled")
    operation = run(operations, reschedule(operations, shift_seconds=100.0))
    assert numbers(operation) == (450, 450, 0, 0, "done")
    assert world.scores("scheduled") == {one: score + 100 for one, score in before.items()}
    assert payload_of(world, "00007")["scheduled_at"] == FAR + 107
    assert world.acts()[0]["facts"]["shift_seconds"] == 100.0
    assert_sound(world.raw)


@pytest.mark.parametrize("shift_seconds", [2.0, -2.0, 0.5, 1000.0])
def test_a_shift_into_the_rest_of_the_selection_meets_nothing_twice(world, in_threes, shift_seconds):
    """With a step of one second between two tasks, each of these lands on or between others."""
    put_many(world, 20, "scheduled", first_score=FAR)
    before = world.scores("scheduled")
    operation = run(in_threes, reschedule(in_threes, shift_seconds=shift_seconds))
    assert numbers(operation) == (20, 20, 0, 0, "done")
    assert world.scores("scheduled") == {one: score + shift_seconds for one, score in before.items()}


def test_what_would_have_been_due_before_now_is_due_now(world, engine):
    before = engine.store.now()
    put_many(world, 3, "scheduled", first_score=before + 1000)
    run(engine.operations, reschedule(engine.operations, shift_seconds=-5000.0))
    assert all(before <= score <= engine.store.now() for score in world.scores("scheduled").values())


def test_all_become_due_at_one_moment(world, in_threes):
    put_many(world, 10, "scheduled", first_score=FAR)
    operation = run(in_threes, reschedule(in_threes, due_at=FAR + 4))
    assert numbers(operation) == (10, 10, 0, 0, "done")
    assert set(world.scores("scheduled").values()) == {FAR + 4}


@pytest.mark.parametrize("chunk", [1, 3, 200])
def test_a_spread_is_even_and_keeps_the_order(world, redis_url, chunk):
    engine = Engine(redis_url, Settings(operation_chunk=chunk))
    ids = put_many(world, 10, "scheduled", first_score=FAR)
    operation = run(engine.operations, reschedule(engine.operations, spread_seconds=100.0))
    assert numbers(operation) == (10, 10, 0, 0, "done") and operation.due_at == FAR
    assert world.scores("scheduled") == {one: FAR + 10 * at for at, one in enumerate(ids)}
    engine.close()


def test_failed_tasks_are_spread_over_a_time_from_now_on(world, engine):
    ids = put_many(world, 5)
    now = engine.store.now()
    operation = run(engine.operations, reschedule(engine.operations, "error", spread_seconds=500.0))
    assert operation.done == 5 and world.scores("error") == {}
    scores = world.scores("scheduled")
    assert list(scores) == ids
    assert [round(scores[one] - scores[ids[0]]) for one in ids] == pytest.approx([0, 100, 200, 300, 400], abs=60)
    assert scores[ids[0]] >= now


def test_a_spread_of_what_a_query_means_is_even_too(world, operations):
    for number in range(20):
        world.put("scheduled", task_id=f"{number:02}", score=FAR + number, func="a:b" if number < 4 else "c:d")
    operation = run(operations, reschedule(operations, spread_seconds=400.0, query="func:a*"))
    assert (operation.matched, operation.done, operation.passed_by) == (4, 4, 0)
    assert [world.scores("scheduled")[f"{number:02}"] for number in range(4)] == [FAR + 100 * one for one in range(4)]
    assert world.scores("scheduled")["04"] == FAR + 4


def test_a_query_leaves_the_others_where_they_are(world, in_threes):
    for number in range(20):
        world.put("scheduled", task_id=f"{number:02}", score=FAR + number, func="a:b" if number % 2 else "c:d")
    operation = run(in_threes, reschedule(in_threes, shift_seconds=1.0, query="func:a*"))
    assert (operation.matched, operation.done, operation.passed_by, operation.skipped) == (20, 10, 10, 0)
    assert all(score == FAR + int(one) + int(one) % 2 for one, score in world.scores("scheduled").items())
    assert_sound(world.raw)


def test_only_those_within_the_window_are_meant(world, operations):
    put_many(world, 10, "scheduled", first_score=FAR)
    operation = run(operations, reschedule(operations, shift_seconds=1000.0, not_before=FAR + 2, not_after=FAR + 4))
    assert numbers(operation) == (3, 3, 0, 0, "done")
    assert sorted(score - FAR for score in world.scores("scheduled").values())[-3:] == [1002, 1003, 1004]


def test_what_was_ticked_gets_another_time_and_the_rest_does_not(world, operations):
    ids = put_many(world, 5, "scheduled", first_score=FAR)
    operation = run(operations, reschedule(operations, shift_seconds=60.0, task_ids=[ids[3], "gone", ids[0]]))
    assert numbers(operation) == (3, 2, 1, 0, "done") and operation.selected
    assert world.scores("scheduled")[ids[3]] == FAR + 63 and world.scores("scheduled")[ids[1]] == FAR + 1


def test_what_comes_after_the_start_or_was_changed_since_is_left_alone(world, in_threes, engine):
    ids = put_many(world, 9, "scheduled", first_score=FAR)
    operation = reschedule(in_threes, shift_seconds=100.0)
    world.put("scheduled", task_id="new", score=FAR + 0.5)
    engine.control.reschedule("orders", "scheduled", ids[4], due_at=FAR + 5000, actor=ANNA)
    operation = run(in_threes, operation)
    assert numbers(operation) == (9, 8, 1, 0, "done") and operation.stayed == 1
    assert world.scores("scheduled")["new"] == FAR + 0.5 and world.scores("scheduled")[ids[4]] == FAR + 5000


def test_what_became_due_ran_and_waits_again_is_not_shifted_a_second_time(world, in_threes, engine):
    planned_at = engine.store.now() + 5000
    ids = put_many(world, 9, "scheduled", first_score=planned_at)
    operation = in_threes.step(reschedule(in_threes, shift_seconds=-9000.0).id)
    for one in ids[:3]:  # they ran at once and failed, and wait for their next attempt
        world.raw.zadd("t:scheduled:orders", {one: planned_at + 4.5})
    operation = run(in_threes, operation)
    assert numbers(operation) == (9, 9, 0, 0, "done")
    assert [world.scores("scheduled")[one] for one in ids[:3]] == [planned_at + 4.5] * 3


def test_tasks_that_stand_aside_for_a_hold_keep_their_place(world, operations):
    world.put("scheduled", task_id="a", score=FAR)
    world.put("scheduled", task_id="held", score=ASIDE_AT + 100)
    operation = run(operations, reschedule(operations, due_at=FAR + 7))
    assert numbers(operation) == (1, 1, 0, 0, "done")
    assert world.scores("scheduled") == {"a": FAR + 7, "held": ASIDE_AT + 100}
    ticked = run(operations, reschedule(operations, due_at=FAR + 9, task_ids=["a", "held"]))
    assert numbers(ticked) == (2, 1, 1, 0, "done") and world.scores("scheduled")["held"] == ASIDE_AT + 100


def test_a_task_without_payload_is_skipped_and_one_that_cannot_be_read_is_not(world, in_threes):
    ids = put_many(world, 8, "scheduled", first_score=FAR)
    world.raw.delete(f"t:task:{ids[2]}")
    world.raw.set(f"t:task:{ids[3]}", b"\xff{")
    world.raw.delete(f"t:task:{ids[5]}")
    world.raw.lpush(f"t:task:{ids[5]}", "x")
    operation = run(in_threes, reschedule(in_threes, shift_seconds=60.0))
    assert numbers(operation) == (8, 6, 2, 0, "done")
    assert world.scores("scheduled")[ids[3]] == FAR + 63 and world.raw.get(f"t:task:{ids[3]}") == b"\xff{"


def test_a_payload_that_changes_in_the_middle_is_read_again(world, engine):
    ids = put_many(world, 3, "scheduled", first_score=FAR)
    send_all, changed = engine.store.send_all, []

    def change_first(calls):
        calls = list(calls)
        if not changed:
            changed.append(world.raw.set(f"t:task:{ids[1]}", json.dumps({"id": ids[1], "func": "a:b", "args": [1]})))
        return send_all(calls)

    operation = reschedule(engine.operations, shift_seconds=60.0)
    engine.store.send_all = change_first
    assert numbers(run(engine.operations, operation)) == (3, 3, 0, 0, "done")
    assert payload_of(world, ids[1])["args"] == [1] and payload_of(world, ids[1])["scheduled_at"] == FAR + 61


def test_a_paused_and_cancelled_one_leaves_the_rest_and_its_list_behind(world, in_threes):
    put_many(world, 10, "scheduled", first_score=FAR)
    operation = in_threes.step(reschedule(in_threes, shift_seconds=1000.0).id)
    in_threes.pause(operation.id, actor=ANNA)
    assert numbers(in_threes.step(operation.id)) == (10, 3, 0, 7, "paused")
    in_threes.resume(operation.id, actor=ANNA)
    assert in_threes.step(operation.id).done == 6
    in_threes.cancel(operation.id, actor=ANNA)
    assert len([score for score in world.scores("scheduled").values() if score > FAR + 100]) == 6
    assert not world.raw.exists(f"t:x:operation:{operation.id}:frozen")
    assert_sound(world.raw)


def test_a_thousand_and_more_are_frozen_in_steps(world, operations):
    put_many(world, 2_500, "scheduled", first_score=FAR)
    operation = reschedule(operations, spread_seconds=2500.0)
    assert (operation.matched, operation.frozen) == (2_500, 2_500)
    assert world.raw.ttl(f"t:x:operation:{operation.id}:frozen") == -1
    operation = run(operations, operation)
    assert numbers(operation) == (2_500, 2_500, 0, 0, "done")
    assert list(world.scores("scheduled").values()) == [FAR + at for at in range(2_500)]
    assert_sound(world.raw)


@pytest.mark.parametrize("leaving", [1, 50, 200])
def test_all_of_one_moment_are_frozen_when_the_last_ones_of_a_step_leave(world, engine, leaving):
    ids, steps, store_run = put_many(world, 1_000, "scheduled", first_score=FAR, step=0.0), [], engine.store.run

    def run_and_lose(name, **values):
        reply = store_run(name, **values)
        if name == "freeze":
            steps.append(reply)
            if len(steps) == 2:
                world.raw.zrem("t:scheduled:orders", *ids[400 - leaving : 400])
        return reply

    engine.store.run = run_and_lose
    operation = reschedule(engine.operations, shift_seconds=600.0)
    assert operation.matched == 1_000 and len(steps) <= 8
    operation = run(engine.operations, operation)
    assert numbers(operation) == (1_000, 1_000 - leaving, leaving, 0, "done")
    assert set(world.scores("scheduled").values()) == {FAR + 600}


def test_a_full_redis_begins_none_and_says_so(world, operations):
    put_many(world, 3, "scheduled", first_score=FAR)
    with full_memory(world.raw), pytest.raises(StoreFull):
        reschedule(operations, shift_seconds=60.0)
    assert set(world.scores("scheduled").values()) == {FAR, FAR + 1, FAR + 2}


def test_several_queues_are_one_act_and_their_spread_begins_together(world, operations):
    put_many(world, 2, "scheduled", "small", first_score=FAR + 50)
    for number in range(4):
        world.put("scheduled", "large", f"x{number}", score=FAR + 60 + number)
    started = operations.start_together(
        "reschedule", "scheduled", {"small": None, "large": None}, actor=ANNA, spread_seconds=100.0, rate=6.0
    )
    assert [one.queue for one in started] == ["large", "small"] and [one.rate for one in started] == [4.0, 2.0]
    assert {one.due_at for one in started} == {FAR + 50}
    assert operations.together(started[0]).matched == 6
    for one in started:
        operations.change_rate(one.id, 0, actor=ANNA)
        run(operations, one)
    assert sorted(world.scores("scheduled", "large").values()) == [FAR + 50, FAR + 75, FAR + 100, FAR + 125]
    assert sorted(world.scores("scheduled", "small").values()) == [FAR + 50, FAR + 100]


def test_when_one_queue_cannot_be_noted_none_begins(world, operations):
    chosen = {"orders": put_many(world, 3, "scheduled", first_score=FAR), "mail": ["a"]}
    world.raw.set("t:scheduled:mail", "foreign")
    with pytest.raises(StoreCorrupt):
        operations.start_together("reschedule", "scheduled", chosen, actor=ANNA, due_at=FAR)
    assert operations.newest() == [] and not world.raw.keys("t:x:operation*")


def test_when_one_queue_cannot_begin_those_that_did_are_cancelled(world, engine, monkeypatch):
    world.put("scheduled", "mail", "a", score=FAR)
    chosen = {"orders": put_many(world, 2, "scheduled", first_score=FAR), "mail": ["a"]}
    run_script, started = engine.store.run, []

    def second_is_refused(name, **values):
        if name == "start_operation":
            started.append(values["operation_id"])
            if len(started) == 2:
                raise StoreFull
        return run_script(name, **values)

    monkeypatch.setattr(engine.store, "run", second_is_refused)
    with pytest.raises(StoreFull):
        engine.operations.start_together("reschedule", "scheduled", chosen, actor=ANNA, due_at=FAR)
    (begun,) = engine.operations.newest()
    assert begun.status == "cancelled" and begun.id == started[0]
    assert not engine.operations.running() and not world.raw.keys("t:x:operation*:frozen")
    assert_sound(world.raw)


@pytest.mark.parametrize(
    ("verb", "state", "more", "error"),
    [
        ("move", "error", {}, InvalidQueueName),
        ("move", "error", {"to_queue": "orders"}, InvalidQueueName),
        ("move", "error", {"to_queue": "a\nb"}, InvalidQueueName),
        ("move", "active", {"to_queue": "mail"}, UnknownState),
        ("move", "error", {"to_queue": "mail", "shift_seconds": 1.0}, InvalidRequest),
        ("move", "error", {"to_queue": "mail", "canary": 1}, InvalidRequest),
        ("retry", "error", {"to_queue": "mail"}, InvalidRequest),
        ("purge", "error", {"due_at": 5.0}, InvalidRequest),
        ("reschedule", "scheduled", {}, InvalidRequest),
        ("reschedule", "scheduled", {"not_before": 5.0}, InvalidRequest),
        ("reschedule", "queued", {"due_at": 5.0}, UnknownState),
        ("reschedule", "error", {"shift_seconds": 5.0}, InvalidRequest),
        ("reschedule", "scheduled", {"shift_seconds": 5.0, "due_at": 5.0}, InvalidRequest),
        ("reschedule", "scheduled", {"shift_seconds": 0.0}, InvalidRequest),
        ("reschedule", "scheduled", {"shift_seconds": float("nan")}, InvalidRequest),
        ("reschedule", "scheduled", {"shift_seconds": 1e12}, InvalidRequest),
        ("reschedule", "scheduled", {"due_at": 1e11}, InvalidRequest),
        ("reschedule", "scheduled", {"due_at": 0.0}, InvalidRequest),
        ("reschedule", "scheduled", {"spread_seconds": 0.0}, InvalidRequest),
        ("reschedule", "scheduled", {"spread_seconds": 1.0, "not_before": float("nan")}, InvalidRequest),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(world, operations, verb, state, more, error):
    with pytest.raises(error):
        operations.start(verb, "orders", state, actor=ANNA, **more)
    assert world.dump() == {}


SOUND = {
    "verb": "reschedule", "queue": "q", "state": "scheduled", "actor": "ann", "door": "web", "reason": "",
    "created_at": 1.0, "not_after": 2.0, "selected": False, "due_at": 5.0, "frozen": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    "odd", [{"due_at": None}, {"due_at": "x"}, {"spread_seconds": True}, {"frozen": 1.5}, {"to_queue": "mail"}]
)
def test_a_record_with_an_odd_plan_is_no_operation(world, operations, odd):
    fields = {"status": "running", "matched": 1, "done": 0, "skipped": 0}
    world.raw.hset("t:x:operation:good", mapping=fields | {"record": json.dumps(SOUND)})
    world.raw.hset("t:x:operation:bad", mapping=fields | {"record": json.dumps(SOUND | odd)})
    world.raw.zadd("t:x:operations", {"good": 1, "bad": 2})
    assert [one.id for one in operations.newest()] == ["good"]


STEP_FOR_EVER = """
import json, sys
from queue_core import Engine, Settings
facts = json.loads(sys.argv[1])
engine = Engine(facts["url"], Settings(operation_chunk=10))
while not engine.operations.step(facts["id"]).ended:
    pass
"""


@pytest.mark.parametrize("plan", [{"shift_seconds": 500.0}, {"spread_seconds": 2000.0}], ids=["shift", "spread"])
def test_after_a_kill_in_the_middle_each_task_has_been_shifted_once(world, engine, redis_url, plan):
    ids = put_many(world, 1_000, "scheduled", first_score=FAR)
    operation = reschedule(engine.operations, **plan)
    facts = json.dumps({"url": redis_url, "id": operation.id})
    process = subprocess.Popen([sys.executable, "-c", STEP_FOR_EVER, facts], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: engine.operations.get(operation.id).done > 100)
    finally:
        process.kill()
        process.wait()
    world.raw.delete(f"t:x:lease:operation:{operation.id}")  # as it will end by itself
    operation = run(engine.operations, engine.operations.get(operation.id))
    assert numbers(operation) == (1_000, 1_000, 0, 0, "done")
    step = plan.get("spread_seconds", 1_000) / 1_000
    assert world.scores("scheduled") == {
        one: FAR + plan.get("shift_seconds", 0) + at * step for at, one in enumerate(ids)
    }


def test_two_who_step_the_same_one_shift_and_count_each_task_once(world, engine, redis_url):
    """The lease of a runner that stood still may have ended."""
    put_many(world, 12, "scheduled", first_score=FAR)
    before = world.scores("scheduled")
    operation = reschedule(engine.operations, shift_seconds=1.5)
    other = Engine(redis_url, Settings(operation_chunk=3))
    send_all, meanwhile = engine.store.send_all, []

    def let_the_other_go_first(calls):
        if not meanwhile:
            world.raw.delete(f"t:x:lease:operation:{operation.id}")
            meanwhile.append(other.operations.step(operation.id))
        return send_all(calls)

    engine.store.send_all = let_the_other_go_first
    operation = run(engine.operations, operation)
    assert numbers(operation) == (12, 12, 0, 0, "done")
    assert world.scores("scheduled") == {one: score + 1.5 for one, score in before.items()}
    other.close()


# -- against a plain model --

SCORES = st.lists(st.integers(0, 6), min_size=0, max_size=14)
PLANS = st.one_of(
    st.builds(dict, shift_seconds=st.sampled_from([-3.0, -1.0, -0.5, 0.5, 1.0, 3.0, 100.0])),
    st.builds(dict, due_at=st.integers(0, 8).map(lambda one: FAR + one)),
    st.builds(dict, spread_seconds=st.sampled_from([1.0, 7.0, 40.0])),
    st.builds(dict, spread_seconds=st.sampled_from([1.0, 7.0]), due_at=st.just(FAR + 3)),
)
MEANWHILE = st.lists(st.tuples(st.sampled_from(["leave", "change", "come", "nothing"]), st.integers(0, 13)), max_size=6)


def frozen_ids(world, operation) -> set:
    return {one.decode() for one in world.raw.zrange(f"t:x:operation:{operation.id}:frozen", 0, -1)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scores=SCORES, plan=PLANS, chunk=st.integers(1, 5), meanwhile=MEANWHILE, seen=st.integers(0, 6))
def test_whatever_happens_meanwhile_each_is_rescheduled_once_or_left_alone(
    world, redis_url, scores, plan, chunk, meanwhile, seen
):
    world.raw.flushall()
    engine = Engine(redis_url, Settings(operation_chunk=chunk))
    wanted = {f"{at:02}": FAR + score for at, score in enumerate(scores)}
    for one, score in wanted.items():
        world.put("scheduled", task_id=one, score=score)
    operation = reschedule(engine.operations, not_after=FAR + seen, **plan)
    frozen = sorted((score, one) for one, score in wanted.items() if score <= FAR + seen)
    place = {one: at for at, (_, one) in enumerate(frozen)}
    left, done = set(place), 0
    while not operation.ended:
        for what, number in meanwhile[:1]:
            one = f"{number:02}"
            if what == "leave" and one in left:
                engine.control.cancel("orders", "scheduled", one, actor=ANNA)
                wanted.pop(one)
                left.remove(one)
            if what == "change" and one in wanted:
                world.raw.zadd("t:scheduled:orders", {one: FAR + 77.25})
                wanted[one] = FAR + 77.25
                left.discard(one)
            if what == "come":
                world.put("scheduled", task_id=f"new{number}", score=FAR + 0.25)
                wanted[f"new{number}"] = FAR + 0.25
        meanwhile = meanwhile[1:]
        waiting = frozen_ids(world, operation)
        operation = engine.operations.step(operation.id)
        met = (waiting - frozen_ids(world, operation)) & left
        left -= met
        done += len(met)
        for one in met:
            wanted[one] = new_due_at(operation.plan, wanted[one], place[one], len(frozen), 0.0)
    assert world.scores("scheduled") == wanted
    assert operation.done == done and operation.done + operation.skipped == operation.matched == len(frozen)
    assert_sound(world.raw)
    engine.close()


# -- the moments, pure --


@given(
    plan=st.one_of(
        st.builds(Plan, shift_seconds=st.floats(-1e9, 1e9)),
        st.builds(Plan, due_at=st.floats(1.0, 1e10), spread_seconds=st.none() | st.floats(1.0, 1e8)),
    ),
    score=st.floats(0, 1e10),
    of=st.integers(1, 1000),
    now=st.floats(1e9, 2e9),
)
def test_no_task_becomes_due_before_now_or_among_those_that_stand_aside(plan, score, of, now):
    moments = [new_due_at(plan, score, place, of, now) for place in range(of)]
    assert moments == sorted(moments)
    assert now <= moments[0] and moments[-1] <= LATEST_DUE
