"""Undoing a move: exactly the tasks that it moved go back, as far as nobody has touched them since."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_core import Engine, Settings
from queue_core.errors import InvalidRequest
from queue_core.operations.undoing import MOST_MOVED
from tests.builders import ANNA, HOSTILE_ID, HOSTILE_QUEUE
from tests.checker import assert_sound
from tests.queue_core.test_operations import numbers, put_many, run

FAR = 9e9


@pytest.fixture
def operations(engine):
    return engine.operations


@pytest.fixture
def in_threes(world, redis_url):
    engine = Engine(redis_url, Settings(operation_chunk=3))
    yield engine.operations
    engine.close()


def moved(operations, state="error", queue="orders", to_queue="mail", **more):
    return run(operations, operations.start("move", queue, state, actor=ANNA, to_queue=to_queue, **more))


def undo(operations, operation):
    return operations.undo(operation.id, actor=ANNA, reason="the wrong queue")


@pytest.mark.parametrize("state", ["error", "queued", "scheduled"])
def test_what_was_moved_goes_back_to_its_place_by_an_operation_that_leads_to_the_first(world, operations, state):
    put_many(world, 450, state, first_score=FAR if state == "scheduled" else 1.0)
    before = world.scores(state)
    first = moved(operations, state)
    world.put(state, "mail", "its own")
    assert operations.left_to_undo(first) == 450
    undoing = undo(operations, first)
    assert (undoing.verb, undoing.undoes, undoing.queues, undoing.matched) == (
        "move",
        first.id,
        ["mail", "orders"],
        450,
    )
    assert numbers(run(operations, undoing)) == (450, 450, 0, 0, "done")
    assert world.scores(state) == before and list(world.scores(state, "mail")) == ["its own"]
    assert operations.left_to_undo(first) == 0
    last = world.acts()[-1]
    assert (last["verb"], last["reason"], last["facts"]["undoes"]) == ("move", "the wrong queue", first.id)
    assert_sound(world.raw)


def test_what_a_query_meant_goes_back_and_what_it_passed_by_stays(world, operations):
    for number in range(30):
        world.put("queued", task_id=f"{number:02}", func="app:a" if number % 3 else "app:b")
    before = world.scores("queued")
    first = moved(operations, "queued", query="func:b")
    assert first.done == 10 and len(world.scores("queued")) == 20
    assert numbers(run(operations, undo(operations, first))) == (10, 10, 0, 0, "done")
    assert world.scores("queued") == before


def test_what_ran_or_was_acted_on_meanwhile_is_skipped_and_stays_where_it_is(world, engine, operations):
    put_many(world, 7)
    first = moved(operations)
    engine.control.retry("mail", "00000", actor=ANNA)
    engine.control.delete("mail", "error", "00001", actor=ANNA)
    engine.control.move("mail", "error", "00002", to_queue="post", actor=ANNA)
    # it failed again, at another time
    world.raw.zadd("t:error:mail", {"00003": 77.5})
    # it stands in its old queue by now, too
    world.put("queued", "orders", "00004", unique=True)
    undoing = run(operations, undo(operations, first))
    assert numbers(undoing) == (7, 2, 5, 0, "done") and (undoing.gone, undoing.stayed) == (3, 2)
    assert list(world.scores("error")) == ["00005", "00006"]
    assert world.scores("error", "mail") == {"00003": 77.5, "00004": 5.0}
    assert list(world.scores("queued", "mail")) == ["00000"] and list(world.scores("error", "post")) == ["00002"]


def test_what_was_planned_anew_keeps_its_new_time(world, engine, operations):
    put_many(world, 2, "scheduled", first_score=FAR)
    first = moved(operations, "scheduled")
    engine.control.reschedule("mail", "scheduled", "00000", due_at=FAR + 50, actor=ANNA)
    assert numbers(run(operations, undo(operations, first))) == (2, 1, 1, 0, "done")
    assert world.scores("scheduled", "mail") == {"00000": FAR + 50} and world.scores("scheduled") == {"00001": FAR + 1}


def test_it_is_undone_once_and_the_undoing_can_be_undone(world, operations):
    put_many(world, 3)
    first = moved(operations)
    undoing = run(operations, undo(operations, first))
    with pytest.raises(InvalidRequest, match="is left to take back"):
        undo(operations, first)
    assert numbers(run(operations, undo(operations, undoing))) == (3, 3, 0, 0, "done")
    assert world.scores("error") == {} and len(world.scores("error", "mail")) == 3
    assert_sound(world.raw)


def test_two_undoings_at_once_take_each_task_back_once(world, in_threes):
    put_many(world, 10)
    first = moved(in_threes)
    one, other = undo(in_threes, first), undo(in_threes, first)
    in_threes.step(one.id)
    run(in_threes, other)
    one, other = run(in_threes, in_threes.get(one.id)), in_threes.get(other.id)
    assert (one.done, one.skipped, other.done, other.skipped) == (3, 7, 7, 3)
    assert len(world.scores("error")) == 10 and world.scores("error", "mail") == {}
    assert_sound(world.raw)


def test_the_rest_of_a_cancelled_undoing_can_be_undone_later(world, in_threes):
    put_many(world, 10)
    first = moved(in_threes)
    undoing = in_threes.step(undo(in_threes, first).id)
    in_threes.cancel(undoing.id, actor=ANNA)
    assert len(world.scores("error")) == 3 and in_threes.left_to_undo(first) == 7
    assert numbers(run(in_threes, undo(in_threes, first))) == (7, 7, 0, 0, "done")
    assert len(world.scores("error")) == 10


def test_a_cancelled_move_is_undone_as_far_as_it_went_and_a_running_one_is_not(world, in_threes):
    put_many(world, 10)
    first = in_threes.step(in_threes.start("move", "orders", "error", actor=ANNA, to_queue="mail").id)
    with pytest.raises(InvalidRequest, match="still running"):
        undo(in_threes, first)
    assert in_threes.left_to_undo(first) == 0
    in_threes.cancel(first.id, actor=ANNA)
    assert numbers(run(in_threes, undo(in_threes, first))) == (3, 3, 0, 0, "done")
    assert len(world.scores("error")) == 10
    assert_sound(world.raw)


def test_of_too_many_nothing_is_noted_and_the_reason_is_said(world, in_threes):
    put_many(world, 5)
    first = in_threes.start("move", "orders", "error", actor=ANNA, to_queue="mail")
    world.raw.hset(f"t:x:operation:{first.id}", mapping={"done": MOST_MOVED - 2, "matched": MOST_MOVED + 3})
    in_threes.step(first.id)
    assert not world.raw.exists(f"t:x:operation:{first.id}:moved")
    first = run(in_threes, in_threes.get(first.id))
    assert first.done == MOST_MOVED + 3 and in_threes.left_to_undo(first) == 0
    with pytest.raises(InvalidRequest, match="more than 10,000"):
        undo(in_threes, first)
    assert "more than 10,000" in in_threes.why_not_undone(first)


def test_as_many_as_are_noted_can_be_undone(world, in_threes):
    put_many(world, 2)
    first = in_threes.start("move", "orders", "error", actor=ANNA, to_queue="mail")
    world.raw.hset(f"t:x:operation:{first.id}", mapping={"done": MOST_MOVED - 2, "matched": MOST_MOVED})
    assert in_threes.left_to_undo(run(in_threes, first)) == 2


def test_the_list_goes_with_the_record(world, operations):
    put_many(world, 2)
    first = moved(operations)
    key = f"t:x:operation:{first.id}"
    assert 0 < world.raw.ttl(f"{key}:moved") <= world.raw.ttl(key) + 1


def test_hostile_names_go_back(world, operations):
    world.put("error", HOSTILE_QUEUE, HOSTILE_ID)
    first = moved(operations, queue=HOSTILE_QUEUE)
    assert run(operations, undo(operations, first)).done == 1
    assert HOSTILE_ID in world.scores("error", HOSTILE_QUEUE)


def test_what_else_lies_in_the_place_of_the_list_keeps_no_task_from_moving(world, operations):
    put_many(world, 2)
    first = operations.start("move", "orders", "error", actor=ANNA, to_queue="mail")
    world.raw.set(f"t:x:operation:{first.id}:moved", "something else")
    assert run(operations, first).done == 2


def test_another_time_says_why_it_cannot_be_undone(world, operations):
    put_many(world, 2, "scheduled", first_score=FAR)
    first = run(operations, operations.start("reschedule", "orders", "scheduled", actor=ANNA, shift_seconds=5.0))
    with pytest.raises(InvalidRequest, match="when each task was due before"):
        undo(operations, first)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scores=st.lists(st.integers(1, 9).map(float), min_size=1, max_size=8),
    chunk=st.integers(1, 4),
    before=st.lists(st.tuples(st.sampled_from(["leave", "change", "elsewhere", "return"]), st.integers(0, 7))),
    meanwhile=st.lists(st.tuples(st.sampled_from(["leave", "change", "elsewhere", "return"]), st.integers(0, 7))),
)
def test_whatever_happens_meanwhile_only_what_nobody_touched_goes_back(
    world, redis_url, scores, chunk, before, meanwhile
):
    world.raw.flushall()
    engine = Engine(redis_url, Settings(operation_chunk=chunk))
    there = {f"{at:02}": score for at, score in enumerate(scores)}
    for one, score in there.items():
        world.put("error", task_id=one, score=score)
    first = moved(engine.operations)
    untouched = dict(there)

    def touch(what, number):
        one = f"{number:02}"
        if one not in world.scores("error", "mail"):
            return
        if what == "leave":
            engine.control.delete("mail", "error", one, actor=ANNA)
        elif what == "change":
            world.raw.zadd("t:error:mail", {one: 50.5})
        else:
            engine.control.move("mail", "error", one, to_queue="post", actor=ANNA)
        if what == "return":
            engine.control.move("post", "error", one, to_queue="mail", actor=ANNA)
            return
        untouched.pop(one, None)

    for each in before:
        touch(*each)
    operation = undo(engine.operations, first)
    while not operation.ended:
        operation = engine.operations.step(operation.id)
        for each in meanwhile[:1]:
            touch(*each)
        meanwhile = meanwhile[1:]
    assert world.scores("error") == untouched
    assert (operation.done, operation.done + operation.skipped) == (len(untouched), len(scores))
    assert_sound(world.raw)
    engine.close()
