"""Searching: everything that matches is found once, in order; what was not looked at is not passed off as searched."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_core import Engine, search
from queue_core.error_index import ErrorIndex
from queue_core.errors import InvalidRequest
from queue_core.query_syntax import parse
from queue_core.search import Place, places_of
from queue_core.walk import Source, Walk
from tests.queue_core.failures import fail, fail_many


def scan(engine, text, budget_seconds=600, **options):
    places = places_of(engine.snapshot.count().queues)
    return engine.search.scan(parse(text), places, budget_seconds=budget_seconds, **options)


def ids(found):
    return [one.id for one in found.rows]


def to_the_end(engine, text, **options):
    """All that is found by going on and on, and the last look."""
    found = scan(engine, text, **options)
    rows = list(found.rows)
    while found.cursor:
        found = scan(engine, text, cursor=found.cursor, **options)
        rows += found.rows
    return rows, found


def test_the_newest_come_first_over_all_queues(world, engine):
    for number, (queue, at) in enumerate([("a", 10.0), ("b", 30.0), ("a", 20.0), ("c", 40.0)]):
        fail(world, str(number), queue, at=at)
    found = scan(engine, "")
    assert ids(found) == ["3", "1", "2", "0"]
    assert (found.looked_at, found.total, found.complete, found.cursor) == (4, 4, True, None)


def test_states_come_one_after_the_other(world, engine):
    for state in ("scheduled", "queued", "active", "error"):
        world.put(state, task_id=state)
    assert ids(scan(engine, "")) == ["error", "active", "queued", "scheduled"]
    assert ids(scan(engine, "state:queued OR state:active")) == ["active", "queued"]


def test_only_places_where_something_can_match_are_looked_at(world, engine):
    fail(world, "1", "billing.eu")
    fail(world, "2", "mail")
    world.put("queued", "billing.eu", "3")
    found = scan(engine, "queue:billing.* state:error")
    assert (ids(found), found.looked_at, found.total) == (["1"], 1, 1)


def test_a_queue_that_is_named_is_searched_before_anybody_has_counted_it(world, engine):
    fail(world, "1", "mail")
    found = engine.search.scan(parse("queue:mail"), [])
    assert (ids(found), found.total) == (["1"], 1)


def test_it_stops_at_the_budget_says_so_and_goes_on_from_there(world, engine):
    fail_many(world, 1000, queues=3)
    first = scan(engine, "func:work0", limit=200, budget=500)
    assert (first.looked_at, first.total, first.complete) == (500, 1000, False)
    second = scan(engine, "func:work0", limit=200, budget=500, cursor=first.cursor)
    assert (second.looked_at, second.complete, len(first.rows) + len(second.rows)) == (1000, False, 334)
    last = scan(engine, "func:work0", cursor=second.cursor)
    assert (last.rows, last.looked_at, last.complete) == ([], 1000, True)


def test_out_of_time_it_has_still_looked_at_some(world, engine):
    fail_many(world, 1000)
    found = scan(engine, "nowhere", budget_seconds=0.0)
    assert (found.looked_at, found.complete) == (400, False)


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_pages_lose_nothing_and_repeat_nothing(world, engine, limit):
    fail_many(world, 300, queues=7, step=0.0)  # all at one moment
    rows, last = to_the_end(engine, "", limit=limit)
    assert len(rows) == len({row.id for row in rows}) == 300
    assert last.complete


@pytest.mark.parametrize("leaving", [0, 1, 3])
def test_a_look_goes_on_in_the_middle_of_one_score_with_a_few_commands(world, engine, leaving):
    ids_of_all = [f"{number:064x}" for number in range(5000)]
    world.raw.zadd("t:scheduled:orders", dict.fromkeys(ids_of_all, 7e9))
    world.raw.sadd("t:scheduled", "orders")
    found, met, commands = scan(engine, "", limit=200), [], []
    while True:
        met += ids(found)
        if found.complete:
            break
        if leaving:  # the one that it stopped at, and some before it
            world.raw.zrem("t:scheduled:orders", *met[-leaving:])
        places, before = places_of(engine.snapshot.count().queues), calls(world)
        found = engine.search.scan(parse(""), places, cursor=found.cursor, limit=200)
        commands.append({name: count - before.get(name, 0) for name, count in calls(world).items()})
    assert met == ids_of_all[::-1]
    assert all(one.get("zrevrange", 0) + one.get("zrevrangebyscore", 0) <= 3 for one in commands)
    assert all(one.get("zrange", 0) <= 15 for one in commands)


def calls(world):
    stats = world.raw.info("commandstats")
    return {name.removeprefix("cmdstat_"): one["calls"] for name, one in stats.items()}


def test_what_it_takes_to_go_on_does_not_count_as_looking(world, engine, monkeypatch):
    fail_many(world, 1000, step=0.0)
    first, now = scan(engine, "nowhere", budget=500), [0.0]
    monkeypatch.setattr(search, "monotonic", lambda: now[0])
    take = Walk.take

    def take_long(walk, count):
        now[0] += 1.0
        return take(walk, count)

    monkeypatch.setattr(Walk, "take", take_long)
    found = scan(engine, "nowhere", budget_seconds=0.1, cursor=first.cursor)
    assert found.looked_at >= 900


def test_what_leaves_in_between_moves_nothing(world, engine):
    fail_many(world, 60, queues=2)
    first = scan(engine, "", limit=20)
    for row in first.rows:
        world.raw.zrem(world.keys.state("error", row.queue), row.id)
    second = scan(engine, "", limit=40, cursor=first.cursor)
    assert len({*ids(first), *ids(second)}) == 60


def test_many_queues_are_walked_in_stretches(world, engine):
    pipeline = world.raw.pipeline()
    for number in range(450):
        queue = f"q{number:03}"
        pipeline.sadd("t:queued", queue)
        pipeline.zadd(f"t:queued:{queue}", {f"{queue}-a": 1.0, f"{queue}-b": 2.0})
    pipeline.execute()
    rows, _ = to_the_end(engine, "state:queued", limit=130)
    assert len({row.id for row in rows}) == len(rows) == 900


def test_ids_are_looked_up_in_every_state(world, engine):
    world.put("queued", "a", "x")
    world.put("error", "b", "x")
    world.put("scheduled", "b", "y")
    found = scan(engine, "id:x OR id:y")
    assert {(one.queue, one.state, one.id) for one in found.rows} == {
        ("a", "queued", "x"), ("b", "error", "x"), ("b", "scheduled", "y"),
    }  # fmt: skip
    assert found.indexed and found.complete
    assert ids(scan(engine, "id:x func:nowhere")) == []


def test_many_ids_are_looked_up_in_some_of_the_queues_and_then_in_the_others(world, engine):
    for number in range(30):
        world.put("queued", f"q{number:02}", "x")
        world.put("scheduled", f"q{number:02}", "y")
    rows, found = [], scan(engine, "id:x OR id:y", budget=7)
    assert (len(found.rows), found.complete) == (7, False)
    while found.cursor:
        rows += found.rows
        found = scan(engine, "id:x OR id:y", budget=7, cursor=found.cursor)
    rows += found.rows
    assert len({(one.queue, one.id) for one in rows}) == len(rows) == 60
    assert found.indexed and found.complete


def test_a_page_holds_no_more_ids_than_it_has_room_for(world, engine):
    for number in range(30):
        world.put("queued", f"q{number:02}", "x")
    found = scan(engine, "id:x", limit=10)
    assert (len(found.rows), found.complete) == (10, False)


def test_a_look_that_takes_too_long_ends_with_the_task_it_is_at(world, engine, monkeypatch):
    fail_many(world, 300, queues=2)
    monkeypatch.setattr(search, "LONGEST_SECONDS", 0.0)
    found = scan(engine, "func:work0", budget_seconds=0.0, limit=200)
    assert (found.looked_at, found.complete) == (1, False)
    monkeypatch.undo()
    rest = scan(engine, "func:work0", cursor=found.cursor, limit=200)
    assert len({*ids(found), *ids(rest)}) == 100
    assert (rest.looked_at, rest.complete) == (300, True)


def test_an_error_group_is_searched_in_its_index(world, engine):
    fail_many(world, 300, queues=2, kinds=3)
    index = ErrorIndex(engine.store)
    counted = engine.snapshot.count().queues
    queues = index.begin({queue: (one.error, one.newest_error_at) for queue, one in counted.items()})
    for queue in queues:
        while index.read(queue):
            pass
    list(index.summarise())
    group = next(one for one in engine.error_groups.summary().groups if one.title.startswith("Error1"))
    left = engine.error_groups.tasks(group.id).tasks[0]
    world.raw.zrem(world.keys.state("error", left[0]), left[1])
    found = scan(engine, f"group:{group.id} queue:q0", limit=200)
    assert found.indexed and found.complete and found.looked_at == found.total == 100
    assert {one.queue for one in found.rows} == {"q0"}
    assert left[1] not in ids(found)


def test_what_is_too_large_is_counted_and_not_taken_for_a_match(world, engine):
    fail(world, "1", kwargs={"user_id": 42, "blob": "x" * 9000})
    fail(world, "2", kwargs={"user_id": 42})
    fail(world, "3", kwargs={"user_id": 43})
    found = scan(engine, "args.user_id:42")
    assert (ids(found), found.unknown, found.too_large) == (["2"], 1, 1)
    assert ids(scan(engine, "-args.user_id:42")) == ["3"]


def test_nothing_matches_that_the_one_who_asks_may_not_see(world, engine):
    fail(world, "1", kwargs={"token": "abc"}, message="token abc is over")

    def mask(facts):
        return replace(facts, kwargs={"token": "[hidden]"}, message="token [hidden] is over", hidden="[hidden]")

    assert ids(scan(engine, "args.token:abc")) == ["1"]
    assert ids(scan(engine, "args.token:abc OR msg:abc", mask=mask)) == []
    assert scan(engine, "args.token:abc", mask=mask).unknown == 1


def test_keys_that_are_no_lists_of_tasks_hide_no_others(world, engine):
    fail(world, "1", "a")
    world.raw.sadd("t:error", "broken")
    world.raw.set("t:error:broken", "text")
    places = [Place("broken", "error"), *places_of(engine.snapshot.count().queues)]
    found = engine.search.scan(parse(""), places)
    assert ids(found) == ["1"]


def test_a_key_that_has_become_something_else_since_ends_there(world, engine):
    fail(world, "1", "a", at=1.0)
    fail(world, "2", "b", at=2.0)
    fail(world, "3", "b", at=3.0)
    found = scan(engine, "", limit=1)
    assert ids(found) == ["3"]
    world.raw.set("t:error:b", "text")
    places = [Place("b", "error"), Place("a", "error")]
    assert ids(engine.search.scan(parse(""), places, cursor=found.cursor)) == ["1"]


def test_names_of_any_bytes_are_found(world, engine):
    fail(world, "\udc80id\n:", "q\udcff:*")
    found = scan(engine, "", limit=1)
    assert [(one.queue, one.id) for one in found.rows] == [("q\udcff:*", "\udc80id\n:")]
    assert scan(engine, "", limit=1, cursor=found.cursor).rows == []


@pytest.mark.parametrize(
    "cursor", ["x", "1:error", "1:error:zz", "1:nowhere:", "1:error::nan:61:61", "-:error:", "9" * 99]
)
def test_an_address_that_was_cut_is_refused(engine, cursor):
    with pytest.raises(InvalidRequest):
        scan(engine, "", cursor=cursor)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), max_size=30), min_size=1, max_size=5),
    st.integers(1, 60),
    st.integers(1, 9),
)
def test_a_walk_meets_every_member_once_from_the_highest_to_the_lowest(session_server, sets, pause, count):
    engine = Engine(session_server.url)
    client, expected = engine.store.client, set()
    client.flushall()
    names = [f"s{number}" for number in range(len(sets))]
    for name, members in zip(names, sets, strict=True):
        pairs = {f"m{member}": float(score) for score, member in members}
        expected |= {(name, member) for member in pairs}
        if pairs:
            client.zadd(name, pairs)
    met, position, more = [], None, True
    while more:
        walk = Walk(engine.store, [source(name) for name in names], position)
        some = [one for _ in range(pause) for one in walk.take(count)]
        met, more, position = met + some, bool(some), some[-1].position if some else None
    engine.close()
    assert [one.position.score for one in met] == sorted((one.position.score for one in met), reverse=True)
    assert len(met) == len(expected)
    assert {(one.place[0], one.place[1]) for one in met} == expected


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.dictionaries(st.integers(0, 30), st.sampled_from([1.0, 2.0]), max_size=30), min_size=1, max_size=3),
    st.lists(st.integers(1, 25), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_walks_of_few_scores_lose_nobody_when_others_leave_in_between(session_server, sets, pieces, chance):
    engine = Engine(session_server.url)
    client, names = engine.store.client, [f"s{number}" for number in range(len(sets))]
    client.flushall()
    there = {
        (name, f"m{one}"): score for name, one_set in zip(names, sets, strict=True) for one, score in one_set.items()
    }
    for (name, member), score in there.items():
        client.zadd(name, {member: score})
    left, met, position, turn = set(), [], None, 0
    while some := Walk(engine.store, [source(name) for name in names], position).take(pieces[turn % len(pieces)]):
        met, position, turn = met + some, some[-1].position, turn + 1
        for name, member in [(position.source, position.member.decode()), chance.choice(sorted(there))]:
            if chance.random() < 0.6:
                left |= {(name, member)} if client.zrem(name, member) else set()
    engine.close()
    placed = [one.place for one in met]
    assert len(placed) == len(set(placed)) and there.keys() - left <= set(placed) <= there.keys()
    assert placed == [place for place in in_turn(there) if place in set(placed)]


def in_turn(there):
    backwards = sorted(there, key=lambda one: one[1], reverse=True)
    return sorted(backwards, key=lambda one: (-there[one], one[0]))


def source(name):
    return Source(name, name.encode(), lambda member, score: (name, member.decode()))
