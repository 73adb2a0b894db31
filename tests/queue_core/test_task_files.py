"""Tasks that go into a file and come back from one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_core import Engine, Settings
from queue_core.errors import StoreFull, UnknownState
from queue_core.task_files import IMPORTED, KNOWN, THERE
from queue_core.task_line import TaskLine
from queue_core.text import to_bytes, to_text
from tests.builders import ANNA, HOSTILE_ID, HOSTILE_QUEUE, full_memory, payload_text
from tests.checker import assert_sound, faults


@pytest.fixture
def there(redis_url):
    engine = Engine(redis_url, Settings(prefix="other"))
    yield engine
    engine.close()


def tasks(world):
    """What stands under the prefix, apart from what is ours."""
    return {key: value for key, value in world.dump().items() if key.startswith("t:") and ":x:" not in key}


def under_the_other_prefix(world):
    found = {key: value for key, value in world.dump().items() if key.startswith("other:") and ":x:" not in key}
    return {"t" + key.removeprefix("other"): value for key, value in found.items()}


def take_in(engine, lines, **more):
    return [outcome for _, outcome in engine.task_files.take_in(lines, actor=ANNA, **more)]


def of_files(lines):
    """The same lines once they have been written and read."""
    return [TaskLine.decode(one.encode()) for one in lines]


@pytest.mark.parametrize("state", ["queued", "scheduled", "error"])
def test_a_queue_goes_into_a_file_and_comes_up_elsewhere_as_it_was(world, engine, there, state):
    for number in range(250):
        world.put(state, task_id=f"t{number:03}", score=100.0 + number // 7)
    world.record_failures("t003", 2)
    lines = of_files(engine.task_files.export("orders", state))
    assert [one.id for one in lines] == [f"t{number:03}" for number in range(250)]
    assert take_in(there, lines) == [IMPORTED] * 250
    assert under_the_other_prefix(world) == tasks(world)
    assert not [fault for fault in faults(world.raw, "other") if "prefix" not in fault]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.binary(min_size=1, max_size=20),
        st.tuples(
            st.binary(min_size=1, max_size=100),
            st.lists(st.binary(max_size=40), max_size=8),
            st.floats(0, 1e10),
        ),
        max_size=6,
    )
)
def test_whatever_bytes_failed_tasks_are_made_of_come_up_as_they_were(world, engine, there, drawn):
    world.raw.flushall()
    for task_id, (payload, records, score) in drawn.items():
        world.put("error", task_id=to_text(task_id), score=score)
        world.raw.set(world.keys.payload(to_text(task_id)), payload)
        if records:
            world.raw.rpush(world.keys.executions(to_text(task_id)), *records)
    assert take_in(there, of_files(engine.task_files.export("orders", "error"))) == [IMPORTED] * len(drawn)
    assert under_the_other_prefix(world) == tasks(world)


def test_large_tasks_and_long_lives_are_whole(world, engine, there):
    world.put("error", task_id="large", args=["x" * 3_000_000])
    world.put("error", task_id="often")
    world.record_failures("often", 1200)
    world.put("error", task_id="small")
    lines = {one.id: one for one in of_files(engine.task_files.export("orders", "error"))}
    assert lines["large"].payload == payload_text("large", args=["x" * 3_000_000])
    assert len(lines["often"].executions) == 1000 and lines["often"].executions_count == 1200
    assert lines["often"].executions[-1] == '{"n": 1200}'
    assert take_in(there, lines.values()) == [IMPORTED] * 3


def test_an_export_takes_what_a_purge_up_to_the_same_moment_takes(world, engine):
    for number in range(5):
        world.put("error", task_id=f"t{number}", score=100.0 + number)
    assert [one.id for one in engine.task_files.export("orders", "error", not_after=102.0)] == ["t0", "t1", "t2"]
    assert [one.id for one in engine.task_files.export("nothing", "error")] == []
    with pytest.raises(UnknownState):
        engine.task_files.export("orders", "lost")


def test_tasks_that_leave_while_it_is_read_keep_no_other_out(world, engine):
    for number in range(500):
        world.put("error", task_id=f"t{number:03}", score=100.0 + number // 3)
    found = []
    for one in engine.task_files.export("orders", "error"):
        found.append(one.id)
        if len(found) == 100:
            world.raw.zrem("t:error:orders", *[f"t{number:03}" for number in range(60)])
        if len(found) == 200:  # all that was read so far
            world.raw.zrem("t:error:orders", *[f"t{number:03}" for number in range(200)])
    assert set(found) == {f"t{number:03}" for number in range(500)} and len(found) < 510


def test_named_tasks_come_in_the_order_that_was_asked_for_without_those_that_left(world, engine):
    world.put("error", HOSTILE_QUEUE, HOSTILE_ID)
    world.put("error", "mail", "b")
    world.put("queued", "mail", "c")
    places = [("mail", "b"), ("mail", "c"), ("mail", "gone"), (HOSTILE_QUEUE, HOSTILE_ID)]
    assert [one.id for one in engine.task_files.export_tasks(places, "error")] == ["b", HOSTILE_ID]


def test_what_redis_holds_instead_of_a_task_is_exported_as_far_as_it_can_be(world, engine):
    world.put("error", task_id="bare")
    world.raw.delete("t:task:bare")
    world.put("error", task_id="odd")
    world.raw.delete("t:task:odd")
    world.raw.rpush("t:task:odd", "a list")
    world.raw.set("t:task:odd:executions", "a text")
    world.raw.set("t:task:odd:executions_count", "many")
    lines = list(engine.task_files.export("orders", "error"))
    assert [(one.payload, one.executions, one.executions_count) for one in lines] == [(None, (), 0)] * 2


# -- in --


def test_a_task_that_is_there_is_left_alone_in_whatever_state(world, engine):
    world.put("error", task_id="a")
    (line,) = engine.task_files.export("orders", "error")
    for state in ("queued", "active", "scheduled"):
        world.raw.flushall()
        world.put(state, "elsewhere", "a", args=["another"])
        before = tasks(world)
        assert take_in(engine, [line]) == [THERE]
        assert tasks(world) == before


def test_the_same_file_again_writes_nothing_even_when_its_tasks_have_run(world, engine):
    world.put("queued", task_id="a")
    lines = list(engine.task_files.export("orders", "queued"))
    world.raw.flushall()
    assert take_in(engine, lines) == [IMPORTED]
    assert take_in(engine, lines) == [KNOWN]
    world.raw.delete("t:queued:orders", "t:queued", "t:task:a")
    assert take_in(engine, lines) == [KNOWN]
    assert tasks(world) == {}
    world.raw.delete("t:x:received:a")  # a day later
    assert take_in(engine, lines) == [IMPORTED]
    assert_sound(world.raw)


def test_workers_hear_of_what_can_run(world, engine):
    lines = [TaskLine("mail", state, state, 5.0, payload_text(state)) for state in ("queued", "error")]
    with world.published() as published:
        take_in(engine, lines)
    assert published == ["mail"]


def test_what_was_imported_stands_in_the_audit_trail(world, engine):
    lines = [TaskLine("mail", "error", f"t{number}", 5.0, payload_text(f"t{number}")) for number in range(3)]
    take_in(engine, lines, reason="from the old Redis")
    take_in(engine, lines)
    newest, *others = engine.audit.page().entries
    assert (newest.verb, newest.actor, newest.reason, newest.task_id, newest.queue) == (
        "import", "anna", "from the old Redis", "t2", "mail",
    )  # fmt: skip
    assert len(others) == 2, "and none of what was there already"


def test_who_is_stopped_by_a_full_redis_goes_on_later(world, engine):
    lines = [TaskLine("mail", "error", f"t{number}", 5.0, payload_text(f"t{number}")) for number in range(250)]
    writing = engine.task_files.take_in(lines, actor=ANNA)
    assert next(writing)[1] == IMPORTED
    with full_memory(world.raw), pytest.raises(StoreFull):
        list(writing)
    arrived = world.raw.zcard("t:error:mail")
    assert 0 < arrived < 250
    assert take_in(engine, lines) == [KNOWN] * arrived + [IMPORTED] * (250 - arrived)
    assert_sound(world.raw)


def test_what_is_there_already_is_found_without_writing(world, engine):
    world.put("error", task_id="a")
    lines = [TaskLine("mail", "error", name, 5.0, to_text(to_bytes(payload_text(name)))) for name in ("a", "b")]
    before = world.dump()
    assert [(task.id, there) for task, there in engine.task_files.find(lines)] == [("a", True), ("b", False)]
    assert world.dump() == before
