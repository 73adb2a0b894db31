import json

import pytest

from queue_core import states
from queue_core.browse import EXECUTION_BYTES, PAYLOAD_GLIMPSE_BYTES
from queue_core.errors import InvalidRequest, StoreCorrupt, TaskNotFound, UnknownState
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE, payload_text
from tests.slowness import assert_never_slow

TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 1, in work\nValueError: no such order\n'


@pytest.fixture
def browse(engine):
    return engine.browse


def put_many(world, count, state="queued", score=lambda number: number):
    ids = [f"{number:06}" for number in range(count)]
    for first in range(0, count, 10_000):
        chunk = ids[first : first + 10_000]
        world.raw.zadd(f"t:{state}:orders", {one: score(first + number) for number, one in enumerate(chunk)})
    world.raw.sadd(f"t:{state}", "orders")
    return ids


def put_failed(world, task_id="a", score=100.0, **entry):
    world.put("error", task_id=task_id, score=score)
    record = {"time_started": 99.0, "time_failed": 99.5, "exception_name": "builtins:ValueError", "success": False,
              "host": "h1", "traceback": TRACEBACK} | entry  # fmt: skip
    world.raw.rpush(f"t:task:{task_id}:executions", json.dumps(record))
    world.raw.incr(f"t:task:{task_id}:executions_count")


def ids_of(page):
    return [row.id for row in page.rows]


# -- what an act would touch --


def test_an_impact_tells_functions_exceptions_ages_and_samples(world, engine, browse):
    now = engine.store.now()
    for number, age in enumerate((60, 7200, 7300, 100_000, 900_000, 950_000)):
        put_failed(world, f"t{number}", now - age, exception_name="app:Down" if number < 4 else "builtins:ValueError")
    world.put("error", task_id="odd", score=now - 70)
    world.raw.delete("t:task:odd")
    impact = browse.impact("orders", "error", now - 65)
    assert (impact.matched, impact.looked_at) == (6, 6)
    assert impact.functions == [("app.tasks:work", 5), (None, 1)]
    assert impact.exceptions == [("app:Down", 3), ("builtins:ValueError", 2), (None, 1)]
    assert impact.ages == [(3600, 1), (86_400, 2), (604_800, 1), (None, 2)]
    assert len(impact.samples) == 5


def test_an_impact_of_nothing_and_of_the_future(world, browse):
    assert browse.impact("orders", "error").samples == []
    world.put("scheduled", score=9e9)
    impact = browse.impact("orders", "scheduled")
    assert (impact.matched, impact.ages, len(impact.samples)) == (1, [], 1)


def test_an_impact_on_many_looks_at_some_that_lie_evenly_over_them(world, browse):
    ids = put_many(world, 20_000, "error")
    assert_never_slow(world.raw, lambda: browse.impact("orders", "error"))
    impact = browse.impact("orders", "error")
    assert (impact.matched, impact.looked_at) == (20_000, 200)
    assert [row.id for row in impact.samples] == ids[::4000]


# -- pages --


@pytest.mark.parametrize("state", states.ALL)
def test_pages_go_through_all_and_back(world, browse, state):
    ids = put_many(world, 25, state)
    if state == "error":
        ids.reverse()
    pages, cursor = [], None
    for _ in range(3):
        pages.append(browse.page("orders", state, cursor=cursor, limit=10))
        cursor = pages[-1].next_cursor
    assert [ids_of(page) for page in pages] == [ids[:10], ids[10:20], ids[20:]]
    assert [page.first_rank for page in pages] == [0, 10, 20] and {page.total for page in pages} == {25}
    assert cursor is None and pages[0].previous_cursor is None
    assert ids_of(browse.page("orders", state, cursor=pages[2].previous_cursor, limit=10)) == ids[10:20]
    assert ids_of(browse.page("orders", state, cursor=pages[1].previous_cursor, limit=10)) == ids[:10]


def test_an_empty_state_is_an_empty_page(browse):
    page = browse.page("orders", "error")
    assert (page.rows, page.total, page.first_rank, page.next_cursor, page.previous_cursor) == ([], 0, 0, None, None)


@pytest.mark.parametrize("state", ["queued", "error"])
@pytest.mark.parametrize("score", [lambda number: number, lambda number: 5.0], ids=["distinct", "equal"])
def test_a_page_stays_in_place_when_rows_before_it_leave(world, browse, state, score):
    ids = put_many(world, 40, state, score)
    if state == "error":
        ids.reverse()
    first = browse.page("orders", state, limit=10)
    second = browse.page("orders", state, limit=10, cursor=first.next_cursor)
    world.raw.zrem(f"t:{state}:orders", *ids[:20])  # all that was seen, the rows that the cursors name too
    assert ids_of(browse.page("orders", state, limit=10, cursor=second.next_cursor)) == ids[20:30]
    world.raw.zadd(f"t:{state}:orders", {one: score(int(one)) for one in ids[:15]})
    assert ids_of(browse.page("orders", state, limit=10, cursor=second.next_cursor)) == ids[20:30]


def test_a_page_whose_rows_have_all_left_shows_the_end(world, browse):
    ids = put_many(world, 30)
    cursor = browse.page("orders", "queued", limit=20).next_cursor
    world.raw.zrem("t:queued:orders", *ids[20:])
    page = browse.page("orders", "queued", limit=20, cursor=cursor)
    assert ids_of(page) == ids[19:20] and page.next_cursor is None


@pytest.mark.parametrize("limit", [-5, 0, 1, 200, 10_000])
def test_no_page_is_longer_than_the_most(world, browse, limit):
    put_many(world, 300)
    assert len(browse.page("orders", "queued", limit=limit).rows) == max(1, min(limit, 200))


@pytest.mark.parametrize(
    "cursor", ["nonsense", "after:1", "after:x:00", "after:1:zz", "over:1:00", "after:nan:00", ":::", "after:1:0"]
)
def test_a_cursor_that_is_none_is_refused(world, browse, cursor):
    put_many(world, 3)
    with pytest.raises(InvalidRequest):
        browse.page("orders", "queued", cursor=cursor)


def test_a_state_that_is_none_is_refused(browse):
    with pytest.raises(UnknownState):
        browse.page("orders", "done")


def test_a_foreign_key_is_said_to_be_one(world, browse):
    world.raw.set("t:queued:orders", "foreign")
    with pytest.raises(StoreCorrupt):
        browse.page("orders", "queued")


def test_deep_pages_of_many_tasks_go_by_rank(world, browse):
    ids = put_many(world, 200_000, score=lambda number: number // 1000)
    cursor = f"after:150.0:{ids[150_500].encode().hex()}"
    world.raw.config_resetstat()
    assert ids_of(browse.page("orders", "queued", cursor=cursor))[0] == ids[150_501]
    world.raw.zrem("t:queued:orders", ids[150_500])
    assert ids_of(browse.page("orders", "queued", cursor=cursor))[0] == ids[150_501]
    commands = {name.removeprefix("cmdstat_") for name in world.raw.info("commandstats")}
    assert not commands & {"zrangebyscore", "zrevrangebyscore", "lrange", "smembers", "keys", "scan", "zscan", "mget"}
    assert_never_slow(world.raw, lambda: browse.page("orders", "queued", cursor=cursor))


# -- rows --


def test_a_row_says_what_a_list_shows(world, browse):
    put_failed(world)
    world.raw.set("t:task:a", payload_text("a", args=[1, "é"], kwargs={"b": [2]}))
    (row,) = browse.page("orders", "error").rows
    assert (row.queue, row.state, row.id, row.score, row.func) == ("orders", "error", "a", 100.0, "app.tasks:work")
    assert row.arguments == '[1, "é"] {"b": [2]}' and not row.arguments_cut and row.problem is None
    assert row.executions_count == 1 and row.failure.message == "no such order"
    assert (row.failure.exception_name, row.failure.host, row.failure.failed_at) == ("builtins:ValueError", "h1", 99.5)


def test_large_values_are_read_only_in_part(world, browse):
    put_failed(world, traceback="Traceback:\n" + "x" * 10_000_000 + "\nValueError: at last")
    world.raw.set("t:task:a", payload_text("a", args=["y" * 10_000_000]))
    (row,) = browse.page("orders", "error").rows
    assert row.arguments_cut and len(row.arguments) <= PAYLOAD_GLIMPSE_BYTES and row.payload_bytes > 10_000_000
    assert row.func == "app.tasks:work" and row.problem is None
    assert row.failure.cut and row.failure.exception_name == "builtins:ValueError"


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (None, "payload missing"),
        (b"", "payload missing"),
        (b"\xff{", "payload unreadable"),
        (b"[1]", "payload unreadable"),
        (b'{"id": "other", "func": "f:g"}', "payload unreadable"),
        (b'{"id": "a", "func": "f:g", "args": 5}', "payload unreadable"),
        (b"[" * 8000, "payload unreadable"),
        (["a list"], "payload unreadable"),
    ],
)
def test_a_task_that_cannot_be_read_says_why_and_the_others_are_shown(world, engine, browse, found, problem):
    world.put("error", task_id="a", score=1.0)
    put_failed(world, "b", 2.0)
    world.raw.delete("t:task:a")
    if isinstance(found, list):
        world.raw.rpush("t:task:a", *found)
    elif found is not None:
        world.raw.set("t:task:a", found)
    good, bad = browse.page("orders", "error").rows
    assert good.problem is None and bad.problem.startswith(problem)
    assert browse.task("orders", "a").problem.startswith(problem)
    bad.problem.encode()


def test_a_lone_surrogate_in_a_payload_can_be_shown(world, browse):
    put_failed(world, traceback="V: \ud800", exception_name="a:\ud800", host="\udcff")
    world.raw.set("t:task:a", '{"id": "a", "func": "f:\\ud800", "args": ["\\ud800"]}')
    (row,) = browse.page("orders", "error").rows
    detail = browse.task("orders", "a")
    for one in (row.failure, detail.executions[0]):
        for text in (one.exception_name, one.message, one.traceback, one.host):
            text.encode()
    for text in (row.func, row.arguments, detail.func, detail.raw):
        text.encode()


def test_hostile_names_are_found(world, browse):
    world.put("queued", HOSTILE_QUEUE, HOSTILE_ID)
    (row,) = browse.page(HOSTILE_QUEUE, "queued").rows
    assert row.id == HOSTILE_ID and row.problem is None
    assert browse.task(HOSTILE_QUEUE, HOSTILE_ID).states == [("queued", 100.0)]
    assert browse.states(HOSTILE_QUEUE, HOSTILE_ID) == ["queued"]


@pytest.mark.parametrize(
    "entry", [b"\xff", b"", b"[]", b"5", b"{", b'{"traceback": 5, "exception_name": [], "x": 7}', b"[" * 8000]
)
def test_an_entry_that_cannot_be_read_is_still_a_failure(world, browse, entry):
    world.put("error")
    world.raw.rpush("t:task:a:executions", entry)
    browse.page("orders", "error")
    (execution,) = browse.task("orders", "a").executions
    assert execution.exception_name and execution.number == 1 and execution.traceback is None


def test_the_newest_errors_of_several_queues_come_first(world, browse):
    for number, queue in enumerate(("orders", "mail", "orders", "mail")):
        world.put("error", queue, str(number), score=number)
    world.raw.set("t:error:bad", "foreign")
    rows = browse.newest_errors(["orders", "mail", "bad", "empty"], limit=3)
    assert [(row.queue, row.id) for row in rows] == [("mail", "3"), ("orders", "2"), ("mail", "1")]
    assert browse.newest_errors([]) == []


# -- one task --


def test_a_task_is_shown_whole(world, browse):
    for number in range(3):
        put_failed(world, time_failed=99.0 + number / 10)
    world.raw.set("t:task:a", payload_text("a", args=[1], retry_method=["tasktiger.retry:_fixed", [60, 3]]))
    world.raw.hset("t:x:recoveries", "a", 2)
    detail = browse.task("orders", "a")
    assert (detail.state, detail.score, detail.states) == ("error", 100.0, [("error", 100.0)])
    assert (detail.func, detail.args, detail.kwargs, detail.problem) == ("app.tasks:work", [1], {}, None)
    assert [one.number for one in detail.executions] == [3, 2, 1]
    assert (detail.executions_count, detail.executions_kept, detail.recoveries, detail.attempts_allowed) == (3, 3, 2, 4)
    assert detail.executions[0].facts["success"] is False and not detail.stale_traceback


def test_a_task_in_no_state_of_the_queue_is_not_found(world, browse):
    world.put("queued")
    for queue, task_id in (("mail", "a"), ("orders", "b")):
        with pytest.raises(TaskNotFound):
            browse.task(queue, task_id)


def test_a_foreign_key_in_the_place_of_a_state_holds_nobody(world, browse):
    world.put("queued")
    world.raw.set("t:active:orders", "foreign")
    assert browse.task("orders", "a").states == [("queued", 100.0)]
    world.raw.delete("t:queued:orders")
    with pytest.raises(TaskNotFound):
        browse.task("orders", "a")


@pytest.mark.parametrize(
    ("held", "first"),
    [(("error", "queued"), "error"), (("error", "active"), "active"), (("queued", "scheduled"), "queued")],
)
def test_a_unique_task_in_several_states_shows_the_most_telling_first(world, browse, held, first):
    for state in held:
        world.put(state, unique=True)
    detail = browse.task("orders", "a")
    assert detail.state == first and {state for state, _ in detail.states} == set(held)


def test_only_the_newest_twenty_executions_come_unless_all_are_wanted(world, browse):
    world.put("error")
    world.record_failures(count=30)
    world.raw.set("t:task:a:executions_count", 50)
    detail = browse.task("orders", "a")
    assert [one.number for one in detail.executions] == list(range(50, 30, -1))
    assert (detail.executions_count, detail.executions_kept) == (50, 30)
    assert len(browse.task("orders", "a", whole=True).executions) == 30


def test_large_values_come_only_when_they_are_wanted(world, browse):
    put_failed(world, traceback="Traceback:\n" + "x" * 10_000_000 + "\nValueError: at last")
    world.raw.set("t:task:a", payload_text("a", args=["y" * 10_000_000]))
    detail = browse.task("orders", "a")
    assert detail.too_large and detail.args is None and len(detail.raw) <= PAYLOAD_GLIMPSE_BYTES
    assert detail.func == "app.tasks:work" and detail.problem is None
    assert detail.executions[0].cut and len(json.dumps(detail.executions[0].facts)) < 3 * EXECUTION_BYTES
    whole = browse.task("orders", "a", whole=True)
    assert len(whole.args[0]) == 10_000_000 and len(whole.executions[0].traceback) > 10_000_000
    assert whole.executions[0].message == "at last" and not whole.executions[0].cut


@pytest.mark.parametrize("key", ["t:task:a:executions_count", "t:x:recoveries", "t:task:a:executions", "t:task:a"])
def test_foreign_keys_beside_a_task_hide_only_themselves(world, browse, key):
    put_failed(world)
    world.raw.delete(key)
    world.raw.xadd(key, {"foreign": "1"})
    detail = browse.task("orders", "a")
    assert detail.id == "a" and len(browse.page("orders", "error").rows) == 1


@pytest.mark.parametrize("count", ["many", "1e5", "9" * 5000, "\u00b2"])
def test_a_count_that_is_no_number_is_none(world, browse, count):
    put_failed(world)
    world.raw.set("t:task:a:executions_count", count)
    world.raw.hset("t:x:recoveries", "a", count)
    detail = browse.task("orders", "a")
    assert (detail.executions_count, detail.recoveries) == (0, 0)
    assert browse.page("orders", "error").rows[0].executions_count == 0


@pytest.mark.parametrize(
    ("method", "allowed"),
    [
        (None, 1),
        (["tasktiger.retry:_fixed", [60, 3]], 4),
        (["tasktiger.retry:_linear", [1, 2, 3]], 4),
        (["tasktiger.retry:_exponential", [1, 2, 3]], 4),
        (["app:own", []], None),
        (["tasktiger.retry:_fixed", ["x"]], None),
        (["tasktiger.retry:_fixed", 5], None),
        (["tasktiger.retry:_fixed", {"a": 1}], None),
    ],
)
def test_the_attempts_that_a_retry_method_allows(world, browse, method, allowed):
    world.put("error", **({"retry_method": method} if method else {}))
    assert browse.task("orders", "a").attempts_allowed == allowed


def test_an_error_long_after_the_newest_execution_is_said_to_be_stale(world, browse):
    put_failed(world, score=200.0)
    assert browse.task("orders", "a").stale_traceback


def test_sizes_count_each_state(world, browse):
    world.put("queued")
    world.put("error", task_id="b")
    assert browse.sizes("orders") == {"queued": 1, "active": 0, "scheduled": 0, "error": 1}


@pytest.mark.parametrize(
    ("traceback", "message"),
    [
        ("Traceback\nValueError: one\nand more", "one"),
        ("Traceback\nValueError", "ValueError"),
        ("Traceback\napp.errors.ValueError: own", "own"),
        ("no such line", "no such line"),
        ("  \n ", ""),
    ],
)
def test_the_message_is_what_follows_the_class(world, browse, traceback, message):
    put_failed(world, traceback=traceback)
    assert browse.task("orders", "a").executions[0].message == message


def test_failed_tasks_of_several_queues_are_given_in_order_and_gone_ones_as_nothing(world, engine):
    world.put("error", "orders", "a")
    world.put("error", "mail", "b")
    world.put("queued", "mail", "c")
    rows = engine.browse.failed([("mail", "b"), ("mail", "c"), ("orders", "gone"), ("orders", "a")])
    assert [row and (row.queue, row.id) for row in rows] == [("mail", "b"), None, None, ("orders", "a")]
    assert engine.browse.failed([]) == []
