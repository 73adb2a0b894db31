from tests.builders import FOR_GOOD, NOTED, TO_TRASH
from tests.checker import assert_sound

REFUSALS = []


def sample(world, queue="orders", task_id="a", entry_id="e1", at=500.0):
    world.put("error", queue, task_id)
    world.record_failures(task_id)
    place = {"id": task_id, "queue": queue, "state": "error", "not_after": ""}
    world.run("delete", **place, **NOTED | TO_TRASH | {"entry_id": entry_id, "trashed_at": at})
    return values()


def values(**more):
    return {
        "not_after": 500.0, "trash_tasks": 100, "trash_bytes_limit": 1_000_000, "limit": 200,
        "trash_prefix": FOR_GOOD["trash_prefix"], "act": b"", "max_audit_entries": 1000,
    } | more  # fmt: skip


def put_many(world, count):
    for number in range(count):
        sample(world, task_id=str(number), entry_id=f"e{number}", at=500.0 + number)


def lying_there(world):
    return list(world.dump().get("t:x:trash", ()))


def test_what_is_old_enough_leaves_nothing(world):
    call = sample(world)
    assert world.run("drop_trash", **call) == 1
    assert world.tasks() == {}


def test_what_is_younger_stays(world):
    put_many(world, 3)
    assert world.run("drop_trash", **values(not_after=500.5)) == 1
    assert lying_there(world) == ["e1", "e2"]
    assert_sound(world.raw)


def test_beyond_the_number_the_oldest_go(world):
    put_many(world, 5)
    assert world.run("drop_trash", **values(not_after=0, trash_tasks=2)) == 3
    assert lying_there(world) == ["e3", "e4"]
    assert_sound(world.raw)


def test_beyond_the_memory_the_oldest_go(world):
    put_many(world, 4)
    half = int(world.raw.get("t:x:trash:bytes")) // 2
    assert world.run("drop_trash", **values(not_after=0, trash_bytes_limit=half)) == 2
    assert lying_there(world) == ["e2", "e3"]
    assert 0 < int(world.raw.get("t:x:trash:bytes")) <= half
    assert_sound(world.raw)


def test_no_more_than_the_limit(world):
    put_many(world, 5)
    assert world.run("drop_trash", **values(not_after=900.0, limit=3)) == 3
    assert lying_there(world) == ["e3", "e4"]


def test_an_empty_trash_frees_nothing(world):
    assert world.run("drop_trash", **values()) == 0
    assert world.dump() == {}


def test_an_entry_whose_record_has_expired_is_freed_all_the_same(world):
    call = sample(world)
    world.raw.delete("t:x:trash:entry:e1", "t:x:trash:payload:e1", "t:x:trash:executions:e1")
    assert world.run("drop_trash", **call) == 1
    assert world.tasks() == {}


def test_who_asked_for_it_is_noted(world):
    call = sample(world) | {"act": NOTED["act"]}
    before = len(world.acts())
    world.run("drop_trash", **call)
    assert len(world.acts()) == before + 1
