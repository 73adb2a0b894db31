"""The doctor: looks at a Redis and says what would lose tasks, slow it down, or surprise somebody."""

import inspect
from collections.abc import Iterator

from queue_core import states
from queue_core.checkups import ADVICE, FINE, TROUBLE, Finding
from queue_core.connection import OLDEST_SERVER, shown_url
from queue_core.errors import StoreCorrupt, StoreError
from queue_core.keys import CATALOGUE, Keys
from queue_core.orphans import Orphans
from queue_core.text import shown, to_text

_SKEW_SECONDS = 1.0
_SLOW_MILLISECONDS = 20.0
_NEARLY_FULL = 0.9
_LOOKED_AT = 2_000
_AT_ONCE = 200
_QUEUES_OF_TASKS = 20
_OLDEST = 20
_SCANS = 200

# told of in another look
_ELSEWHERE = {"hold_records"}


def _is_single(name) -> bool:
    return len(inspect.signature(getattr(Keys, name)).parameters) == 1


_SINGLE = [
    name
    for name, (_, pattern, _) in CATALOGUE.items()
    if pattern.startswith("x:") and name not in _ELSEWHERE and _is_single(name)
]
_MADE_ANEW = {"snapshot", "checkup", "stats_recent", "error_summary", "workers"}
"""Keys that hold only what is found out again."""


def examine(engine) -> Iterator[Finding | None]:
    """Everything the doctor has to say, in the order of its looks; None after each bounded piece of a long one.

    Reads only."""
    try:
        version = engine.store.server_version()
    except StoreError as error:
        yield Finding(TROUBLE, str(error), "Check that Redis runs, and the address in REDIS_URL or --redis-url.")
        return
    yield Finding(FINE, f"Redis answers ({shown_url(_url(engine))}), prefix {engine.settings.prefix!r}.")
    yield _version(version)
    for look in (
        _latency,
        _persistence,
        _eviction,
        _memory,
        _clock,
        _foreign_keys,
        _expired_leases,
        _name_sets,
        _orphans,
        _broken_tasks,
        _twins,
        _holds,
        _processes,
    ):
        yield from _looked(look, engine)


def _url(engine) -> str:
    facts = engine.store.client.connection_pool.connection_kwargs
    return facts.get("path") or f"{facts.get('host')}:{facts.get('port')}"


def _looked(look, engine) -> Iterator[Finding | None]:
    try:
        yield from look(engine)
    except StoreError as error:
        yield Finding(TROUBLE, f"{look.__name__.strip('_').replace('_', ' ')}: {error}", "Look again later.")


def _version(version):
    text = ".".join(map(str, version))
    if version < OLDEST_SERVER:
        return Finding(TROUBLE, f"Redis is {text}.", f"Use {'.'.join(map(str, OLDEST_SERVER))} or newer.")
    if version < (7, 0):
        return Finding(
            ADVICE, f"Redis is {text}.", "It works, but gets no fixes any more; move to a maintained version."
        )
    return Finding(FINE, f"Redis is {text}.")


def _latency(engine):
    seconds = []
    for _ in range(5):
        began_at = engine.clock.now()
        engine.store.client.ping()
        seconds.append(engine.clock.now() - began_at)
    median = sorted(seconds)[2] * 1000
    if median > _SLOW_MILLISECONDS:
        yield Finding(ADVICE, f"A round trip takes {median:.1f} ms.", "Run workers nearer to Redis.")
    else:
        yield Finding(FINE, f"A round trip takes {median:.1f} ms.")


def _persistence(engine):
    facts = engine.store.client.info("persistence")
    if not facts.get("aof_enabled"):
        yield Finding(
            TROUBLE,
            "The append-only file is off: a crash of Redis loses accepted tasks.",
            "Set `appendonly yes` (and `appendfsync everysec`).",
        )
    elif facts.get("aof_last_write_status") != "ok":
        yield Finding(TROUBLE, "The append-only file cannot be written.", "Look at the disk and at Redis' log.")
    else:
        yield Finding(FINE, f"The append-only file is on{_how_often(engine.store)}.")


def _how_often(store) -> str:
    when = store.server_setting("appendfsync")
    if when in (None, "always"):
        return ", written before every answer" if when else ""
    return f" (appendfsync {when}: a crash can lose about the last second or two; `always` loses nothing and is slower)"


def _eviction(engine):
    policy = engine.store.client.info("memory").get("maxmemory_policy", "noeviction")
    if policy == "noeviction":
        yield Finding(FINE, "maxmemory-policy is noeviction.")
    else:
        yield Finding(
            TROUBLE,
            f"maxmemory-policy is {policy}: a full Redis throws tasks away.",
            "Set `maxmemory-policy noeviction`.",
        )


def _memory(engine):
    facts = engine.store.client.info("memory")
    used, limit = int(facts["used_memory"]), int(facts.get("maxmemory") or 0)
    text = f"{used / 1e6:.1f} MB of memory are used" + (
        f", of {limit / 1e6:.0f} MB." if limit else "; there is no limit."
    )
    if limit and used > limit * _NEARLY_FULL:
        yield Finding(TROUBLE, text, "Purge old errors, or raise maxmemory: enqueues will be refused.")
    else:
        yield Finding(FINE, text)


def _clock(engine):
    offset = engine.store.measure_clock()
    if abs(offset) > _SKEW_SECONDS:
        yield Finding(
            ADVICE,
            f"This machine's clock is {abs(offset):.1f} s {_side(offset)} Redis'.",
            "Our workers correct for it; TaskTiger workers do not.  Check time synchronisation.",
        )
    else:
        yield Finding(FINE, "The clocks of this machine and of Redis agree.")


def _side(behind) -> str:
    return "behind" if behind > 0 else "ahead of"


def _foreign_keys(engine):
    """Keys of ours that something else has written: what reads them says only that a key is not what it should be."""
    sick = False
    pipeline = engine.store.client.pipeline(transaction=False)
    for method in _SINGLE:
        pipeline.type(getattr(engine.store.keys, method)())
    for method, kind in zip(_SINGLE, map(to_text, pipeline.execute()), strict=True):
        expected, _, inside = CATALOGUE[method]
        if kind in ("none", expected):
            continue
        sick, key = True, shown(to_text(getattr(engine.store.keys, method)()))
        yield Finding(TROUBLE, f"{key} is of the type {kind}, not {expected}.", _remedy(method, key, inside))
    if not sick:
        yield Finding(FINE, "The keys of Signalbox are of their types.")


def _remedy(method, key, inside) -> str:
    if method in _MADE_ANEW:
        return f"`DEL {key}`: Signalbox makes it anew.  Find out what else writes under this prefix."
    return (
        f"`RENAME` {key} away: Signalbox begins an empty one, without what stood there ({inside}).  "
        "Find out what else writes under this prefix."
    )


def _expired_leases(engine):
    seconds, _ = engine.store.client.time()
    patience = engine.settings.lease_seconds + engine.settings.recover_seconds * 2
    late = 0
    for queues in _pieces(engine.leases.queues(states.ACTIVE)):
        pipeline = engine.store.client.pipeline(transaction=False)
        for queue in queues:
            pipeline.zcount(engine.store.keys.state(states.ACTIVE, queue), 0, seconds - patience)
        late += sum(pipeline.execute())
        yield
    if late:
        yield Finding(
            TROUBLE,
            f"{_so_many(late, 'task is', 'tasks are')} active whose worker has been silent for over {patience:g} s.",
            "Start a sweeper (`signalbox sweeper`) or a worker: they recover them.",
        )
    else:
        yield Finding(FINE, "No active task is overdue.")


def _name_sets(engine):
    """A queue in a name set without tasks, or the other way round, is found by no worker or by all for nothing."""
    sick = False
    for state in states.ALL:
        empty, wrong = [], []
        for queues in _pieces(engine.leases.queues(state)):
            kinds = _kinds(engine.store, state, queues)
            empty += [shown(queue) for queue, kind in kinds.items() if kind == "none"]
            wrong += [shown(queue) for queue, kind in kinds.items() if kind not in ("none", "zset")]
            yield
        sick = sick or bool(empty or wrong)
        if empty:
            yield Finding(
                ADVICE, f"{state}: {_some(empty)} listed without a task.", "Harmless; the next task mends it."
            )
        if wrong:
            yield Finding(
                TROUBLE, f"{state}: {_some(wrong)} not a sorted set.", "Something else writes under this prefix."
            )
    if not sick:
        yield Finding(FINE, "Every queue that is listed has tasks.")


def _kinds(store, state, queues) -> dict[str, str]:
    """{queue: the type of its key in that state}."""
    pipeline = store.client.pipeline(transaction=False)
    for queue in queues:
        pipeline.type(store.keys.state(state, queue))
    return dict(zip(queues, map(to_text, pipeline.execute()), strict=True))


def _orphans(engine):
    """Queues that hold tasks and are listed nowhere; only part of a large Redis is looked at."""
    looked_at, found = 0, []
    for place in Orphans(engine.store).queues():
        looked_at += place is None
        yield
        if looked_at > _SCANS:
            break
        if place is not None:
            found.append(f"{place[0]}: {shown(place[1])}")
    if found:
        yield Finding(
            TROUBLE,
            f"{_some(found)} not listed, so no worker finds the tasks in it.",
            "Set SIGNALBOX_REPAIR_ORPHANS=yes for the sweeper: it mends this within the hour.",
        )
    else:
        yield Finding(FINE, "No queue was found that holds tasks and is not listed.")


def _twins(engine):
    count = engine.store.client.zcard(engine.store.keys.twins())
    if count:
        yield Finding(
            ADVICE,
            f"{_so_many(count, 'unique task stands', 'unique tasks stand')} in two queues, or did so a minute ago; "
            "both places share one payload.",
            "Where TaskTiger workers run too, use one queue for each unique function: they delete the payload early.",
        )


def _broken_tasks(engine):
    """Tasks without a payload among the oldest of each queue: nobody can run them."""
    missing = []
    for state in states.ALL:
        for queues in _pieces(engine.leases.queues(state)[:_AT_ONCE], _QUEUES_OF_TASKS):
            missing += [shown(one) for one in _without_payload(engine.store, _oldest(engine.store, state, queues))]
            yield
    if missing:
        yield Finding(TROUBLE, f"{_some(missing)} without a payload.", "Delete them in the console; they cannot run.")
    else:
        yield Finding(FINE, "The oldest tasks of every queue have their payloads.")


def _oldest(store, state, queues) -> list[str]:
    """Ids of the oldest tasks in these queues."""
    pipeline = store.client.pipeline(transaction=False)
    for queue in queues:
        pipeline.zrange(store.keys.state(state, queue), 0, _OLDEST - 1)
    return [to_text(task_id) for ids in pipeline.execute() for task_id in ids]


def _without_payload(store, task_ids) -> list[str]:
    pipeline = store.client.pipeline(transaction=False)
    for task_id in task_ids:
        pipeline.exists(store.keys.payload(task_id))
    replies = pipeline.execute() if task_ids else []
    return [task_id for task_id, exists in zip(task_ids, replies, strict=True) if not exists]


def _holds(engine):
    records, ids = (to_text(key) for key in (engine.store.keys.hold_records(), engine.store.keys.hold_counts()))
    try:
        unread = sum(not hold.known for hold in engine.holds.all())
    except StoreCorrupt:
        yield Finding(
            TROUBLE,
            f"What is held cannot be read: {records} is no hash.  What stands aside waits, and nothing can be held or "
            "released.",
            f"Take {records} and {ids} away (UNLINK), then hold again what has to wait; the audit trail says what was.",
        )
        return
    if unread:
        yield Finding(
            ADVICE, f"{unread} holds cannot be read, and hold nothing back.", "Release them, and hold anew what has to."
        )


def _processes(engine):
    sweeper = engine.workers.holder("sweeper")
    if sweeper:
        yield Finding(FINE, "A sweeper is at work.")
    else:
        yield Finding(
            ADVICE,
            "No sweeper is at work.",
            "Start `signalbox sweeper` or a worker of ours; without one only TaskTiger workers promote and recover.",
        )
    workers = [one for one in engine.workers.alive() if one.facts.get("kind") == "worker"]
    for one in engine.workers.alive():
        if isinstance(behind := one.facts.get("clock_behind_seconds"), (int, float)):
            yield Finding(
                ADVICE,
                f"The clock of {shown(str(one.facts.get('host')))} is {abs(behind):.0f} s {_side(behind)} Redis'.",
                "Our processes correct for it; applications and TaskTiger there do not.  Check time synchronisation.",
            )
    alive = _so_many(len(workers), "worker of ours is", "workers of ours are")
    text = f"{alive} alive." if workers else "No worker of ours is alive."
    yield Finding(FINE if workers else ADVICE, text, "" if workers else "TaskTiger workers do not register themselves.")


def _pieces(queues: list[str], size: int = _AT_ONCE) -> Iterator[list[str]]:
    """Some of them at a time, of so many as are looked at at all."""
    seen = queues[:_LOOKED_AT]
    return (seen[first : first + size] for first in range(0, len(seen), size))


def _so_many(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _some(names: list[str]) -> str:
    first = ", ".join(repr(name) for name in names[:3])
    return (
        f"{first} and {len(names) - 3} more are"
        if len(names) > 3
        else f"{first} is"
        if len(names) == 1
        else f"{first} are"
    )
