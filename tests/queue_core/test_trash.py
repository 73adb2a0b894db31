import contextlib

import pytest

from queue_core import Engine, Settings
from queue_core.errors import AlreadyThere, EntryNotFound, InvalidPayload, InvalidRequest, PayloadDiffers
from queue_core.task import Task
from tests.builders import ANNA, HOSTILE_ID, HOSTILE_QUEUE
from tests.checker import assert_sound


@pytest.fixture
def trash(engine):
    return engine.trash


def throw_away(world, engine, *task_ids, queue="orders", state="error", **fields):
    """Deletes tasks, the first one first; the ids of their entries."""
    found = []
    for task_id in task_ids:
        world.put(state, queue, task_id, **fields)
        found.append(engine.control.delete(queue, state, task_id, actor=ANNA, reason="by mistake"))
    return found


def test_an_entry_says_what_it_was_and_who_deleted_it(world, engine, trash):
    world.put("error", score=100.5)
    world.record_failures(count=2)
    entry = trash.get(engine.control.delete("orders", "error", "a", actor=ANNA, reason="by mistake"))
    assert (entry.task_id, entry.queue, entry.state, entry.score) == ("a", "orders", "error", 100.5)
    assert (entry.by, entry.door, entry.reason, entry.operation_id) == ("anna", "command line", "by mistake", "")
    assert entry.executions_count == 2 and entry.size > 300
    assert abs(entry.at - engine.store.now()) < 5


def test_a_page_lists_the_newest_first_and_of_one_queue_where_it_is_named(world, engine, trash):
    first = throw_away(world, engine, "a", "b", "c")
    other = throw_away(world, engine, "d", queue="mail")
    page = trash.page(limit=3)
    assert [entry.task_id for entry in page.entries] == ["d", "c", "b"] and page.total == 4
    rest = trash.page(limit=3, cursor=page.next_cursor)
    assert [entry.id for entry in rest.entries] == first[:1] and rest.next_cursor is None
    assert [entry.id for entry in trash.page(queue="mail").entries] == other


def test_a_page_goes_on_where_it_was_when_its_last_entry_has_left(world, engine, trash):
    throw_away(world, engine, "a", "b", "c", "d")
    page = trash.page(limit=2)
    trash.restore(page.entries[-1].id, actor=ANNA)
    assert [entry.task_id for entry in trash.page(limit=2, cursor=page.next_cursor).entries] == ["b", "a"]


@pytest.mark.parametrize("cursor", ["x", "nan:e1", "1.5", ":"])
def test_a_cursor_that_is_none_is_refused(trash, cursor):
    with pytest.raises(InvalidRequest):
        trash.page(cursor=cursor)


def test_an_entry_is_restored_once(world, engine, trash):
    (entry_id,) = throw_away(world, engine, "a")
    assert trash.restore(entry_id, actor=ANNA, reason="needed").task_id == "a"
    assert world.scores("error") == {"a": 100.0}
    noted = world.acts()[-1]
    assert (noted["verb"], noted["task_id"], noted["reason"]) == ("restore", "a", "needed")
    with pytest.raises(EntryNotFound, match="not in the trash any more"):
        trash.restore(entry_id, actor=ANNA)
    assert_sound(world.raw)


def test_a_task_that_is_there_again_stays_in_the_trash(world, engine, trash):
    (entry_id,) = throw_away(world, engine, "a", unique=True)
    world.put("queued", unique=True)
    with pytest.raises(AlreadyThere, match="in its queue again"):
        trash.restore(entry_id, actor=ANNA)
    assert trash.size().tasks == 1


def test_a_task_that_lives_elsewhere_with_other_arguments_stays_in_the_trash(world, engine, trash):
    (entry_id,) = throw_away(world, engine, "a", unique=True)
    world.put("queued", "mail", unique=True, time_last_queued=7)
    with pytest.raises(PayloadDiffers, match="Another queue"):
        trash.restore(entry_id, actor=ANNA)


def test_an_entry_that_lost_its_payload_says_so(world, engine, trash):
    (entry_id,) = throw_away(world, engine, "a")
    world.raw.delete(f"t:x:trash:payload:{entry_id}")
    with pytest.raises(InvalidPayload, match="payload is gone"):
        trash.restore(entry_id, actor=ANNA)


def test_several_are_restored_and_each_refusal_stands_in_its_place(world, engine, trash):
    kept, taken = throw_away(world, engine, "a", "b")
    world.put("queued", task_id="b")
    restored, refused, unknown = trash.restore_all([kept, taken, "nothing"], actor=ANNA)
    assert restored.task_id == "a"
    assert isinstance(refused, AlreadyThere) and isinstance(unknown, EntryNotFound)


def test_names_of_any_bytes_lie_there_and_come_back(world, engine, trash):
    (entry_id,) = throw_away(world, engine, HOSTILE_ID, queue=HOSTILE_QUEUE)
    (entry,) = trash.page(queue=HOSTILE_QUEUE).entries
    assert (entry.task_id, entry.queue) == (HOSTILE_ID, HOSTILE_QUEUE)
    trash.restore(entry_id, actor=ANNA)
    assert world.scores("error", HOSTILE_QUEUE) == {HOSTILE_ID: 100.0}
    assert_sound(world.raw)


def test_an_entry_that_is_no_record_is_passed_over(world, engine, trash):
    (entry_id,) = throw_away(world, engine, "a")
    world.raw.hset(f"t:x:trash:entry:{entry_id}", "state", "nowhere")
    assert trash.page().entries == []


def test_emptying_frees_everything_and_is_noted_once(world, engine, trash):
    throw_away(world, engine, *(f"{number:03}" for number in range(250)))
    before = len(world.acts())
    assert trash.empty(actor=ANNA, reason="memory") == 250
    assert trash.size().tasks == trash.size().bytes == 0 and trash.size().oldest_at is None
    (noted,) = world.acts()[before:]
    assert (noted["verb"], noted["facts"]["matched"]) == ("empty_trash", 250)
    assert not world.raw.keys("t:x:trash*")


def test_emptying_spares_what_was_deleted_after_somebody_looked(world, engine, trash):
    throw_away(world, engine, "a")
    seen_at = engine.store.now()
    throw_away(world, engine, "b")
    assert trash.empty(not_after=seen_at, actor=ANNA) == 1
    assert [entry.task_id for entry in trash.page().entries] == ["b"]


@pytest.mark.parametrize("limits", [{"trash_tasks": 2}, {"trash_bytes": 1500}])
def test_beyond_its_limits_the_oldest_go(world, redis_url, limits):
    with contextlib.closing(Engine(redis_url, Settings(**limits))) as engine:
        throw_away(world, engine, "a", "b", "c", "d")
        assert sum(engine.trash.trim()) == 4 - len(engine.trash.page().entries) > 0
        assert engine.trash.page().entries[0].task_id == "d"
    assert_sound(world.raw)


def test_what_is_too_old_goes(world, redis_url):
    with contextlib.closing(Engine(redis_url, Settings(trash_seconds=100.0))) as engine:
        throw_away(world, engine, "a", "b")
        world.raw.zincrby("t:x:trash", -101, world.raw.zrange("t:x:trash", 0, 0)[0])
        assert list(engine.trash.trim()) == [1]
        assert engine.trash.size().tasks == 1


def test_without_a_trash_everything_is_deleted_for_good(world, redis_url):
    with contextlib.closing(Engine(redis_url, Settings(trash_seconds=0))) as engine:
        assert not engine.trash.is_on
        assert throw_away(world, engine, "a") == [None]
    assert not world.raw.keys("t:x:trash*")


@pytest.mark.parametrize(("setting", "kept"), [(False, 0), (True, 2)])
def test_what_an_application_deletes_is_kept_only_where_a_setting_says_so(world, redis_url, setting, kept):
    with contextlib.closing(Engine(redis_url, Settings(trash_code_deletes=setting))) as engine:
        world.put("error", task_id="a")
        world.put("error", task_id="b")
        Task.from_id(engine, "orders", "error", "a").delete()
        assert engine.purge_errored_tasks() == 1
        assert engine.trash.size().tasks == kept
