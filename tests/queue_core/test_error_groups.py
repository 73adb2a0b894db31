"""Error groups for people: looked at, checked, spoken of; and deploys."""

import time

import pytest

from queue_core import Actor
from queue_core.duties import Duties
from queue_core.errors import ErrorGroupNotFound, InvalidRequest
from tests.checker import assert_sound
from tests.queue_core.failures import fail, fail_many

ANNA = Actor("anna", "command line")


@pytest.fixture
def only_group(engine):
    """The one group that there is, after all errors were read."""

    def found():
        engine.snapshot.take()
        list(Duties(engine).index_errors())
        (group,) = engine.error_groups.summary().groups
        return group

    return found


def test_before_anybody_has_counted_the_groups_are_unknown(engine):
    assert engine.error_groups.summary() is None


def test_a_group_is_found_by_its_id_and_an_unknown_one_is_said_to_be(world, engine, only_group):
    fail(world)
    assert engine.error_groups.get(only_group().id) == only_group()
    with pytest.raises(ErrorGroupNotFound):
        engine.error_groups.get("1-nobody")


def test_tasks_of_a_group_come_in_pages_newest_first(world, engine, only_group):
    fail_many(world, 25, queues=3, kinds=1)
    room, group_id, cursor, seen = engine.error_groups, only_group().id, None, []
    for size in (10, 10, 5):
        page = room.tasks(group_id, cursor=cursor, limit=10)
        assert (len(page.tasks), page.total, page.first_rank) == (size, 25, len(seen))
        seen += page.tasks
        cursor = page.next_cursor
    assert cursor is None
    assert [task_id for _, task_id, _ in seen] == [f"{number:064x}" for number in reversed(range(25))]
    assert seen[0][0] == "q0"


def test_a_page_stays_in_place_when_its_first_task_has_left(world, engine, only_group):
    fail_many(world, 10, kinds=1)
    group_id = only_group().id
    page = engine.error_groups.tasks(group_id, limit=5)
    world.raw.zrem("t:error:q0", page.tasks[-1][1])
    engine.error_groups.check(group_id)
    rest = engine.error_groups.tasks(group_id, cursor=page.next_cursor, limit=5)
    assert rest.tasks[0][1] == f"{4:064x}" and rest.first_rank == 4


@pytest.mark.parametrize("cursor", ["x", "1:zz", "nan:00", ":", "inf:00"])
def test_a_cursor_that_is_none_is_refused(engine, cursor):
    with pytest.raises(InvalidRequest):
        engine.error_groups.tasks("1-x", cursor=cursor)


def test_ids_up_to_a_moment_are_given_by_queue_and_no_more_than_asked_for(world, engine, only_group):
    fail_many(world, 30, queues=2, kinds=1, step=1)
    group_id = only_group().id
    chosen = engine.error_groups.ids_up_to(group_id, not_after=109.0, limit=100)
    assert {queue: len(ids) for queue, ids in chosen.items()} == {"q0": 5, "q1": 5}
    chosen = engine.error_groups.ids_up_to(group_id, not_after=109.0, limit=3)
    assert chosen == {"q1": [f"{9:064x}", f"{7:064x}"], "q0": [f"{8:064x}"]}


def test_what_the_arguments_have_in_common_is_told_with_how_many_were_looked_at(world, engine, only_group):
    for number in range(10):
        fail(world, f"{number}", at=100.0 + number, kwargs={"tenant": "acme" if number else "other"})
    shared, looked_at = engine.error_groups.common_arguments(only_group().id)
    assert looked_at == 10
    assert [(one.name, one.value, one.share) for one in shared] == [("tenant", '"acme"', 0.9)]


def test_a_note_and_a_snooze_stand_side_by_side_and_each_is_an_act(world, engine, only_group):
    fail(world)
    room, group_id, until = engine.error_groups, only_group().id, time.time() + 3600
    room.annotate(group_id, "  a fix ships at noon ", actor=ANNA)
    room.snooze(group_id, until, actor=ANNA)
    note = room.note(group_id)
    assert (note.text, note.by, note.snoozed_until) == ("a fix ships at noon", "anna", until)
    assert room.notes() == {group_id: note}
    assert [act["verb"] for act in world.acts()] == ["note group", "snooze group"]
    room.snooze(group_id, None, actor=ANNA)
    room.annotate(group_id, "", actor=ANNA)
    assert room.notes() == {} and room.note(group_id).text == ""
    assert_sound(world.raw)


@pytest.mark.parametrize("seconds", [-1, 91 * 86_400, float("nan"), float("inf")])
def test_a_snooze_ends_within_ninety_days(world, engine, only_group, seconds):
    fail(world)
    group_id = only_group().id
    with pytest.raises(InvalidRequest):
        engine.error_groups.snooze(group_id, time.time() + seconds, actor=ANNA)


def test_nobody_speaks_of_a_group_that_is_not_there(engine):
    with pytest.raises(ErrorGroupNotFound):
        engine.error_groups.annotate("1-nobody", "x", actor=ANNA)


def test_operations_on_a_group_are_remembered_the_newest_first(engine, world):
    for number in range(25):
        engine.error_groups.remember_operation("1-x", f"op{number}")
    assert engine.error_groups.operations("1-x") == [f"op{number}" for number in range(24, 4, -1)]
    assert world.expiring() == {"t:x:errors:operations:1-x"}


def test_deploys_are_told_newest_first(engine, world):
    for text in ("one", " two "):
        engine.error_groups.mark_deploy(text, actor=ANNA)
    assert [(deploy.text, deploy.by) for deploy in engine.error_groups.deploys()] == [("two", "anna"), ("one", "anna")]
    assert [act["verb"] for act in world.acts()] == ["deploy mark", "deploy mark"]
    assert_sound(world.raw)


@pytest.mark.parametrize("key", ["summary", "notes", "deploys"])
def test_what_somebody_else_wrote_there_is_taken_for_nothing(engine, world, key):
    if key == "notes":
        world.raw.hset("t:x:errors:notes", "1-x", "[]")
        assert engine.error_groups.note("1-x").text == ""
    elif key == "summary":
        world.raw.set("t:x:errors:summary", b"\xff")
        assert engine.error_groups.summary() is None
    else:
        world.raw.lpush("t:x:deploys", b"\xff")
        assert engine.error_groups.deploys() == []


def test_counts_older_than_a_week_are_dropped_when_a_group_is_checked(world, engine, only_group):
    fail(world, at=time.time())
    group_id = only_group().id
    world.raw.hset(f"t:x:errors:group:{group_id}", "hour:1", 7)
    engine.error_groups.note_checked(group_id)
    assert 1 not in engine.error_groups.get(group_id).hours
    assert_sound(world.raw)
