import json
import math

import pytest

from queue_core import Actor, Engine, Settings
from queue_core.control import OPEN_END_SECONDS, Pause
from queue_core.errors import (
    AlreadyThere,
    InvalidPayload,
    InvalidQueueName,
    InvalidRequest,
    NotPaused,
    QueuePaused,
    TaskNotFound,
    UnknownState,
)
from tests.builders import ANNA, HOSTILE_ID, HOSTILE_QUEUE, full_memory
from tests.checker import assert_sound

ACTS = {
    "retry": lambda control, queue, one: control.retry(queue, one, actor=ANNA, reason="fixed"),
    "delete": lambda control, queue, one: control.delete(queue, "error", one, actor=ANNA, reason="fixed"),
    "cancel": lambda control, queue, one: control.cancel(queue, "queued", one, actor=ANNA, reason="fixed"),
    "reschedule": lambda control, queue, one: control.reschedule(
        queue, "error", one, due_at=9e9, actor=ANNA, reason="fixed"
    ),
    "move": lambda control, queue, one: control.move(queue, "queued", one, to_queue="mail", actor=ANNA, reason="fixed"),
}
"""verb -> the act, on a task in the first state that the verb takes a task from."""


@pytest.fixture
def control(engine):
    return engine.control


def seed(world, verb, queue="orders", task_id="a"):
    world.put("queued" if verb in ("cancel", "move") else "error", queue, task_id, args=[9007199254740993, [], "é"])


# -- one task --


@pytest.mark.parametrize("verb", ACTS)
def test_every_act_says_who_did_what_and_why(world, control, verb):
    seed(world, verb)
    ACTS[verb](control, "orders", "a")
    (entry,) = world.acts()
    assert {name: entry[name] for name in ("verb", "actor", "door", "queue", "task_id", "reason", "outcome")} == {
        "verb": verb, "actor": "anna", "door": "command line", "queue": "orders", "task_id": "a", "reason": "fixed",
        "outcome": "done",
    }  # fmt: skip
    assert_sound(world.raw)


@pytest.mark.parametrize("verb", ACTS)
def test_an_act_on_a_task_that_has_left_leaves_no_trace(world, control, verb):
    with pytest.raises(TaskNotFound):
        ACTS[verb](control, "orders", "a")
    assert world.dump() == {}


@pytest.mark.parametrize("verb", ACTS)
def test_every_act_reaches_hostile_names(world, control, verb):
    seed(world, verb, HOSTILE_QUEUE, HOSTILE_ID)
    ACTS[verb](control, HOSTILE_QUEUE, HOSTILE_ID)
    assert world.acts()[0]["task_id"].encode("utf-8", "surrogateescape")
    assert_sound(world.raw)


@pytest.mark.parametrize("verb", ACTS)
def test_every_act_goes_through_while_redis_is_full(world, control, verb):
    seed(world, verb)
    with full_memory(world.raw):
        ACTS[verb](control, "orders", "a")
    assert len(world.acts()) == 1
    assert_sound(world.raw)


def test_a_retry_gives_one_more_attempt_or_a_fresh_budget(world, control):
    for name in "ab":
        world.put("error", task_id=name)
        world.record_failures(name, count=3)
    control.retry("orders", "a", actor=ANNA)
    control.retry("orders", "b", actor=ANNA, fresh_budget=True)
    assert "t:task:a:executions_count" in world.dump() and "t:task:b:executions_count" not in world.dump()
    assert sorted(world.scores("queued")) == ["a", "b"]


def test_nothing_to_run_cannot_be_retried(world, control):
    world.put("error")
    world.raw.delete("t:task:a")
    with pytest.raises(InvalidPayload):
        control.retry("orders", "a", actor=ANNA)
    assert list(world.scores("error")) == ["a"] and not world.acts()


@pytest.mark.parametrize("state", ["error", "queued", "scheduled"])
def test_a_deleted_task_is_gone_from_its_state(world, control, state):
    world.put(state)
    assert control.delete("orders", state, "a", actor=ANNA, to_trash=False) is None
    assert list(world.dump()) == ["t:x:audit"]


def test_a_deleted_task_goes_to_the_trash_unless_somebody_wants_its_memory(world, control, engine):
    world.put("error")
    entry_id = control.delete("orders", "error", "a", actor=ANNA, reason="by mistake")
    assert world.scores("error") == {} and engine.trash.get(entry_id).task_id == "a"
    assert world.acts()[-1]["facts"]["entry"] == entry_id
    assert_sound(world.raw)


def test_a_purge_of_many_goes_to_the_trash_in_short_steps(world, control, engine):
    for number in range(450):
        world.put("error", task_id=f"{number:03}", score=float(number))
    assert list(control.purging("orders", "error", actor=ANNA)) == [100, 100, 100, 100, 50]
    assert engine.trash.size().tasks == 450
    assert_sound(world.raw)


@pytest.mark.parametrize(
    "act",
    [
        lambda control: control.delete("orders", "active", "a", actor=ANNA),
        lambda control: control.cancel("orders", "error", "a", actor=ANNA),
        lambda control: control.cancel("orders", "nowhere", "a", actor=ANNA),
        lambda control: control.reschedule("orders", "queued", "a", due_at=5, actor=ANNA),
        lambda control: control.move("orders", "active", "a", to_queue="mail", actor=ANNA),
    ],
)
def test_an_act_from_a_wrong_state_is_refused(world, control, act):
    for state in ("error", "queued", "active"):
        world.put(state, unique=True)
    before = world.dump()
    with pytest.raises(UnknownState):
        act(control)
    assert world.dump() == before


def test_rescheduling_changes_the_time_and_no_byte_of_the_arguments(world, control):
    world.put("scheduled")
    raw = '{"func":"f","id":"a","args":[9007199254740993,[],{},1e2,"\u00e9"],"scheduled_at":1,"new":{"x":[]}}'
    world.raw.set("t:task:a", raw)
    control.reschedule("orders", "scheduled", "a", due_at=9e9 + 0.25, actor=ANNA)
    assert world.scores("scheduled") == {"a": 9e9 + 0.25}
    assert world.dump()["t:task:a"] == raw.replace('"scheduled_at":1,', '"scheduled_at":9000000000.25,')


@pytest.mark.parametrize("found", [b"\xff{", b"[]", b'{"id": "other"}'])
def test_a_task_that_cannot_be_read_can_be_rescheduled(world, control, found):
    world.put("error")
    world.raw.set("t:task:a", found)
    control.reschedule("orders", "error", "a", due_at=9e9, actor=ANNA)
    assert list(world.scores("scheduled")) == ["a"]


def test_a_task_without_a_payload_cannot_be_rescheduled(world, control):
    world.put("error")
    world.raw.delete("t:task:a")
    with pytest.raises(InvalidPayload):
        control.reschedule("orders", "error", "a", due_at=9e9, actor=ANNA)


@pytest.mark.parametrize("due_at", [0, -5, math.inf, math.nan])
def test_a_time_that_is_none_is_refused(world, control, due_at):
    world.put("error")
    with pytest.raises(InvalidRequest):
        control.reschedule("orders", "error", "a", due_at=due_at, actor=ANNA)


@pytest.mark.parametrize("state", ["queued", "scheduled", "error"])
def test_a_moved_task_is_in_the_other_queue(world, control, state):
    world.put(state, score=42.5)
    control.move("orders", state, "a", to_queue="mail", actor=ANNA)
    assert world.scores(state, "mail") == {"a": 42.5} and world.scores(state) == {}


def test_a_unique_task_that_is_there_already_is_not_moved(world, control):
    world.put("queued", unique=True)
    world.put("scheduled", "mail", unique=True)
    with pytest.raises(AlreadyThere):
        control.move("orders", "queued", "a", to_queue="mail", actor=ANNA)


def test_a_task_is_not_moved_to_its_own_queue_or_to_no_queue(world, control):
    world.put("queued")
    with pytest.raises(InvalidRequest):
        control.move("orders", "queued", "a", to_queue="orders", actor=ANNA)
    with pytest.raises(InvalidQueueName):
        control.move("orders", "queued", "a", to_queue="", actor=ANNA)


# -- one queue --


def test_a_pause_stops_claims_until_it_is_lifted(world, engine, control):
    world.put("queued")
    session = engine.leases.session("w")
    control.pause("orders", actor=ANNA, reason="deploy")
    with pytest.raises(QueuePaused):
        session.claim("orders")
    (pause,) = control.pauses()
    assert (pause.queue, pause.by, pause.door, pause.reason, pause.until_at) == (
        "orders", "anna", "command line", "deploy", None,
    )  # fmt: skip
    assert control.pause_of("orders") == pause
    control.resume("orders", actor=ANNA)
    assert control.pauses() == [] and control.pause_of("orders") is None
    assert len(session.claim("orders")) == 1
    session.close()
    assert [entry["verb"] for entry in world.acts()] == ["pause", "resume"]


def test_a_pause_binds_stock_workers_with_a_limit(world, engine, control):
    control.pause("orders", actor=ANNA, reason="deploy")
    locked_until = world.dump()["t:qslock:orders"]["SYSTEM_LOCK"]
    assert locked_until == pytest.approx(engine.store.now() + OPEN_END_SECONDS, abs=60)
    until = engine.store.now() + 600
    control.pause("mail", actor=ANNA, reason="deploy", until=until)
    assert world.dump()["t:qslock:mail"] == {"SYSTEM_LOCK": until}
    assert_sound(world.raw)


def test_pausing_again_replaces_reason_and_end(engine, control):
    control.pause("orders", actor=ANNA, reason="one")
    until = engine.store.now() + 600
    control.pause("orders", actor=Actor("bert", "web"), reason="two", until=until)
    (pause,) = control.pauses()
    assert (pause.by, pause.reason, pause.until_at) == ("bert", "two", until)


def test_pauses_can_be_set_and_lifted_while_redis_is_full(world, control):
    with full_memory(world.raw):
        control.pause("orders", actor=ANNA, reason="memory")
        control.renew_pauses()
        control.resume("orders", actor=ANNA)
    assert len(world.acts()) == 2


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_pause_needs_a_reason(world, control, reason):
    with pytest.raises(InvalidRequest, match="reason"):
        control.pause("orders", actor=ANNA, reason=reason)
    assert world.dump() == {}


@pytest.mark.parametrize("queue", [HOSTILE_QUEUE, "q" * 300, "two\nlines"])
def test_any_queue_that_exists_can_be_paused(world, engine, control, queue):
    world.put("queued", queue, "a")
    control.pause(queue, actor=ANNA, reason="odd")
    with pytest.raises(QueuePaused):
        engine.leases.session("w").claim(queue)
    control.resume(queue, actor=ANNA)
    assert [one.id for one in engine.leases.session("w").claim(queue)] == ["a"]


def test_a_pause_names_its_queue(control):
    with pytest.raises(InvalidQueueName):
        control.pause("", actor=ANNA, reason="odd")


@pytest.mark.parametrize("until", [0, 1.5, math.inf, math.nan])
def test_a_pause_ends_in_the_future(control, until):
    with pytest.raises(InvalidRequest):
        control.pause("orders", actor=ANNA, reason="deploy", until=until)


def test_the_lock_of_an_application_shows_and_can_be_lifted(world, engine, control):
    until = engine.store.now() + 600
    world.raw.zadd("t:qslock:orders", {"SYSTEM_LOCK": until})
    pause = control.pause_of("orders")
    assert (pause.by, pause.until_at) == (None, until)
    control.resume("orders", actor=ANNA)
    assert control.pause_of("orders") is None


def test_only_a_pause_can_be_lifted(control):
    with pytest.raises(NotPaused):
        control.resume("orders", actor=ANNA)


def test_pauses_that_have_ended_are_lifted_by_the_sweeper(world, engine, control):
    now = engine.store.now()
    control.pause("orders", actor=ANNA, reason="short", until=now + 600)
    control.pause("mail", actor=ANNA, reason="long")
    world.raw.zadd("t:x:paused", {"orders": now - 1})
    assert [pause.queue for pause in control.pauses()] == ["mail"]
    assert control.lapse_pauses() == ["orders"]
    assert world.acts()[-1]["actor"] == "sweeper"
    assert control.lapse_pauses() == []
    assert_sound(world.raw)


def test_a_lock_that_an_application_shortened_is_written_anew(world, engine, control):
    control.pause("orders", actor=ANNA, reason="deploy")
    world.raw.zadd("t:qslock:orders", {"SYSTEM_LOCK": engine.store.now() + 1})
    control.renew_pauses()
    assert world.dump()["t:qslock:orders"]["SYSTEM_LOCK"] > engine.store.now() + 1000


@pytest.mark.parametrize("record", [b"", b"\xff", b"[]", b"5", b"{"])
def test_an_unreadable_record_of_a_pause_is_a_pause_without_an_author(world, control, record):
    control.pause("orders", actor=ANNA, reason="deploy")
    world.raw.hset("t:x:pauses", "orders", record)
    assert control.pauses()[0].by is None


def test_odd_values_in_the_record_of_a_pause_are_not_believed(world, control):
    control.pause("orders", actor=ANNA, reason="deploy")
    record = {"by": ["x"], "door": "web", "reason": 7, "since_at": "soon", "until_at": True}
    world.raw.hset("t:x:pauses", "orders", json.dumps(record))
    assert control.pauses() == [Pause("orders", door="web")]


def test_hostile_text_in_an_act_comes_back_as_it_was(world, control):
    world.put("error")
    reason = 'a"\r\n</script>\u2028é'
    control.retry("orders", "a", actor=Actor("o'neil\n", "web"), reason=reason)
    (entry,) = world.acts()
    assert entry["reason"] == reason and entry["actor"] == "o'neil\n"
    json.dumps(entry)


# -- the oldest tasks of a queue --


def test_a_purge_takes_the_oldest_in_short_steps_and_is_noted_once(world, redis_url):
    engine = Engine(redis_url, Settings(operation_chunk=2))
    for number in range(7):
        world.put("error", task_id=str(number), score=number)
    assert list(engine.control.purging("orders", "error", not_after=5.0, limit=5, actor=ANNA)) == [2, 2, 1]
    assert list(world.scores("error")) == ["5", "6"]
    (entry,) = world.acts()
    assert (entry["verb"], entry["queue"], entry["facts"]["matched"]) == ("purge", "orders", 5)
    assert_sound(world.raw)
    engine.close()


def test_a_purge_of_nothing_writes_nothing(world, engine):
    world.put("error", score=50.0)
    before = world.dump()
    assert engine.control.purge_errors("orders", 49.9, actor=ANNA) == 0
    assert engine.control.purge_errors("orders", limit=0, actor=ANNA) == 0
    assert world.dump() == before


def test_a_purge_leaves_what_fails_while_it_is_under_way(world, redis_url):
    engine = Engine(redis_url, Settings(operation_chunk=1))
    for number in range(2):
        world.put("error", task_id=str(number), score=number)
    steps = engine.control.purging("orders", "error", actor=ANNA)
    assert next(steps) == 1
    world.put("error", task_id="new", score=2.0)
    assert list(steps) == [1]
    assert list(world.scores("error")) == ["new"]
    engine.close()


def test_active_tasks_are_not_purged(engine):
    with pytest.raises(UnknownState):
        engine.control.purge("orders", "active", actor=ANNA)


def edit(control, task_id="a", queue="orders", args=(), **kwargs):
    return control.edit(queue, task_id, args=list(args), kwargs=kwargs, actor=ANNA, reason="wrong amount")


def test_an_edited_copy_has_all_other_fields_and_says_what_it_was_made_from(world, control, engine):
    original = world.put("error", args=[1], hard_timeout=7, foreign={"kept": []}, x={"trace": "t1", "list": []})
    new_id = edit(control, args=[2], note="é")
    copy = json.loads(world.raw.get(f"t:task:{new_id}"))
    times = copy.pop("time_last_queued"), copy.pop("scheduled_at")
    assert times == (world.scores("queued")[new_id],) * 2
    assert copy == {
        "id": new_id, "func": "app.tasks:work", "args": [2], "kwargs": {"note": "é"}, "hard_timeout": 7,
        "foreign": {"kept": []}, "x": {"trace": "t1", "edited_from": "a"},
    }  # fmt: skip
    assert world.dump()["t:task:a"] == original
    assert world.scores("error") == {"a": 100.0}
    (entry,) = engine.audit.page().entries
    assert (entry.verb, entry.task_id, entry.facts, entry.reason) == ("edit", "a", {"new_id": new_id}, "wrong amount")
    assert_sound(world.raw)


def test_an_edited_unique_task_has_the_id_that_its_arguments_give(world, control, engine):
    def work(number):
        """Known by its name."""

    work.__module__, work.__qualname__ = "app.tasks", "work"
    expected = engine.delay(work, args=[2], unique=True, queue="elsewhere").id
    world.raw.delete(f"t:task:{expected}", "t:queued:elsewhere", "t:queued")
    world.put("error", unique=True, args=[1])
    assert edit(control, args=[2]) == expected
    with pytest.raises(AlreadyThere):
        edit(control, args=[2])


@pytest.mark.parametrize("args", [[float("nan")], ["x" * 2_000_000]])
def test_an_edit_refuses_what_an_enqueue_would_refuse(world, control, args):
    world.put("error")
    before = world.dump()
    with pytest.raises(InvalidRequest):
        edit(control, args=args)
    assert world.dump() == before


def test_an_edit_needs_an_original_that_can_be_read_and_is_in_the_queue(world, control):
    with pytest.raises(TaskNotFound):
        edit(control)
    world.put("error", queue="mail")
    with pytest.raises(TaskNotFound):
        edit(control)
    world.raw.set("t:task:a", b"{")
    with pytest.raises(InvalidPayload):
        edit(control, queue="mail")
