import contextlib

from queue_core import Engine, Settings
from queue_core.compat.tasktiger.migrations import migrate_executions_count


def counts(raw, prefix="t"):
    keys = raw.keys(f"{prefix}:task:*:executions_count")
    return {key.decode().split(":")[2]: int(raw.get(key)) for key in keys}


def test_failed_runs_that_nobody_has_counted_are_counted(world, engine):
    for number, task_id in enumerate("abc", start=1):
        world.put("error", task_id=task_id)
        world.record_failures(task_id, number)
    world.raw.delete("t:task:a:executions_count")
    world.raw.set("t:task:b:executions_count", 1)
    world.raw.set("t:task:c:executions_count", 7)
    migrate_executions_count(engine)
    migrate_executions_count(engine)
    assert counts(world.raw) == {"a": 1, "b": 2, "c": 7}


def test_keys_of_foreign_types_are_passed_by(world, engine):
    world.raw.set("t:task:a:executions", "foreign")
    world.raw.rpush("t:task:b:executions", "{}")
    world.raw.rpush("t:task:b:executions_count", "foreign")
    world.raw.rpush("t:task:c:executions", "{}")
    before = world.dump()
    migrate_executions_count(engine)
    assert world.dump() == before | {"t:task:c:executions_count": "1"}


def test_other_prefixes_are_left_alone_also_when_ours_looks_like_a_pattern(raw, redis_url):
    with contextlib.closing(Engine(redis_url, Settings(prefix="t[*]?"))) as engine:
        for prefix in ("t[*]?", "t*?", "tx"):
            raw.rpush(f"{prefix}:task:a:executions", "{}")
        migrate_executions_count(engine)
        assert counts(raw, r"t\[\*\]\?") == {"a": 1}
        assert not raw.exists("t*?:task:a:executions_count", "tx:task:a:executions_count")


def test_thousands_of_tasks_are_gone_through(raw, engine):
    pipeline = raw.pipeline(transaction=False)
    for number in range(2500):
        pipeline.rpush(f"t:task:{number}:executions", "{}")
    pipeline.execute()
    migrate_executions_count(engine)
    assert len(counts(raw)) == 2500


def test_an_id_of_any_bytes_is_counted(raw, engine):
    raw.rpush(b"t:task:\xff*:x:executions", "{}")
    migrate_executions_count(engine)
    assert raw.get(b"t:task:\xff*:x:executions_count") == b"1"
