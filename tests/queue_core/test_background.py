"""Searches in the background: everything is looked at once, all that matches is counted, whoever dies in between."""

import json
from dataclasses import replace

import pytest

from queue_core import Actor, Engine, background, background_search
from queue_core.duties import Duties
from queue_core.errors import InvalidRequest, MovedOn, SearchNotFound
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE
from tests.queue_core.failures import fail, fail_many

ANNA = Actor("anna", "web")
BOTH = "t:x:background:{0}", "t:x:background:{0}:found"


@pytest.fixture
def searches(engine, monkeypatch):
    """A piece is of 100 tasks here, however fast they are looked at."""
    monkeypatch.setattr(background, "PIECE", 100)
    monkeypatch.setattr(background, "PIECE_SECONDS", 600.0)
    return engine.background


def places(engine):
    return engine.search.places_of(engine.snapshot.count().queues)


def to_the_end(engine, search):
    steps = 0
    while not search.ended:
        search, steps = engine.background.step(search.id, places(engine)), steps + 1
    return search, steps


def start(engine, query, **more):
    return engine.background.start(query, actor=ANNA, **more)


def test_everything_is_looked_at_and_counted_by_what_it_is(world, engine, searches):
    fail_many(world, 450, queues=7)
    world.put("queued", "q0", "waiting", func="shop.tasks:work1")
    search, steps = to_the_end(engine, start(engine, "func:work1", reason="which orders"))
    found = search.findings
    assert (search.status, search.percent, found.looked_at, found.total, found.matched) == ("done", 100, 451, 451, 151)
    assert steps > 4 and found.counts["state"] == {"error": 150, "queued": 1}
    assert found.counts["exc"] == {"shop.errors.Error1": 150, "": 1} and found.counts["func"] == {
        "shop.tasks.work1": 151
    }
    assert sum(found.counts["queue"].values()) == 151 and len(found.counts["queue"]) == 7
    assert (search.actor, search.door, search.reason, search.query) == ("anna", "web", "which orders", "func:work1")
    listed = [one for first in range(0, 200, 40) for one in searches.found(search.id, first=first, limit=40)]
    assert len(listed) == len({(one.queue, one.id) for one in listed}) == 151
    assert {one.state for one in listed} == {"error", "queued"} and all(one.was == one.state for one in listed)


@pytest.mark.parametrize("query", ["id:" + f"{5:064x}", "queue:q1 func:work0", "state:error exc:Error2", "nowhere"])
def test_it_finds_what_a_look_finds(world, engine, searches, query):
    fail_many(world, 60, queues=3)
    search, _ = to_the_end(engine, start(engine, query))
    expected = engine.search.scan(engine.search.query(query), places(engine), limit=200, budget_seconds=600)
    assert {(one.queue, one.id) for one in searches.found(search.id, limit=200)} == {
        (one.queue, one.id) for one in expected.rows
    }
    assert search.findings.matched == len(expected.rows)


def test_how_far_it_is_stays_unknown_until_it_has_looked(world, engine, searches):
    fail_many(world, 350)
    search = start(engine, "order")
    assert (search.findings.total, search.percent) == (None, None)
    search = searches.step(search.id, places(engine))
    assert search.findings.total == 350 and 0 < search.percent < 100
    cancelled = start(engine, "order")
    searches.cancel(cancelled.id)
    assert searches.get(cancelled.id).percent is None


def test_a_piece_that_was_not_written_down_is_looked_at_again(world, engine, searches, session_server):
    fail_many(world, 350, queues=2)
    search = searches.step(start(engine, "order").id, places(engine))
    other = Engine(session_server.url)
    # another sweeper has read the record, stood still, and comes back when this one has gone on
    other.background._write(replace(search, raw=b"older"), lambda pipeline: pipeline.flushall())
    search, _ = to_the_end(engine, search)
    assert search.findings.matched == 350 and len(world.raw.zrange(BOTH[1].format(search.id), 0, -1)) == 350


def test_a_process_that_dies_between_two_pieces_loses_nothing(world, engine, searches, session_server):
    fail_many(world, 350, queues=2)
    searches.step(start(engine, "order").id, places(engine))
    heir = Engine(session_server.url)
    (search_id,) = heir.background.running()
    search, _ = to_the_end(heir, heir.background.get(search_id))
    assert (search.status, search.findings.looked_at, search.findings.matched) == ("done", 350, 350)


def test_it_is_cancelled_and_keeps_what_it_has_found(world, engine, searches):
    fail_many(world, 350)
    search = searches.step(start(engine, "order").id, places(engine))
    searches.cancel(search.id)
    search = searches.step(search.id, places(engine))
    assert (search.status, search.percent) == ("cancelled", search.findings.percent) and search.ended_at
    assert 0 < search.findings.matched < 350 and searches.running() == []
    with pytest.raises(MovedOn):
        searches.cancel(search.id)


def test_only_three_run_and_about_twenty_are_kept(world, engine, searches):
    for _ in range(3):
        start(engine, "order")
    with pytest.raises(InvalidRequest, match="running already"):
        start(engine, "order")
    for _ in range(25):
        searches.cancel(searches.running()[0])
        newest = start(engine, "order")
    assert len(searches.newest()) <= background.MOST_KEPT + background.MOST_RUNNING
    assert searches.newest()[0].id == newest.id and len(searches.running()) == 3
    assert len(world.raw.keys("t:x:background:*")) <= background.MOST_KEPT + background.MOST_RUNNING


def test_every_key_of_it_goes_by_itself(world, engine, searches):
    fail(world, "a")
    search, _ = to_the_end(engine, start(engine, "refused"))
    for key in ("t:x:background", *(one.format(search.id) for one in BOTH)):
        assert 0 < world.raw.ttl(key) <= background.KEEP_SECONDS
    world.raw.delete(BOTH[0].format(search.id))
    assert searches.running() == [] and world.raw.zcard("t:x:background") == 0
    with pytest.raises(SearchNotFound):
        searches.get(search.id)


def test_each_row_says_where_the_task_is_now(world, engine, searches):
    for name in ("stays", "goes", "moves"):
        fail(world, name)
    search, _ = to_the_end(engine, start(engine, "refused"))
    world.raw.zrem("t:error:orders", "goes", "moves")
    world.put("queued", "orders", "moves")
    now = {one.id: (one.was, one.state) for one in searches.found(search.id)}
    assert now == {"stays": ("error", "error"), "goes": ("error", None), "moves": ("error", "queued")}
    assert searches.chosen(search.id, "error").keys() == {"orders"} and searches.chosen(search.id, "queued") == {}


def test_no_more_ids_are_kept_than_there_is_room_for_and_all_are_counted(world, engine, searches, monkeypatch):
    for module in (background, background_search):
        monkeypatch.setattr(module, "MOST_FOUND", 250)
    fail_many(world, 450)
    search, _ = to_the_end(engine, start(engine, "order"))
    assert (search.findings.matched, search.kept) == (450, 250)
    assert world.raw.zcard(BOTH[1].format(search.id)) == 250


def test_names_beyond_two_hundred_are_counted_together(world, engine, searches, monkeypatch):
    monkeypatch.setattr(background_search, "MOST_NAMES", 5)
    fail_many(world, 90, queues=9)
    search, _ = to_the_end(engine, start(engine, "order"))
    queues = search.findings.counts["queue"]
    assert len(queues) == 6 and queues[""] == 40 and sum(queues.values()) == 90


SECRET = "sk_live_abcdef0123456789"


@pytest.mark.parametrize("query", [SECRET, "msg:sk_live_a*", "args.password:hunter2", "args.code:x9", "-args.code:x8"])
def test_it_finds_nothing_by_what_is_hidden_from_whoever_asked(world, engine, searches, query):
    fail(world, "a", kwargs={"password": "hunter2", "code": "x9"}, message=f"refused {SECRET}")
    search, _ = to_the_end(engine, start(engine, query, masked_by=("code", "", "")))
    assert search.findings.matched == 0 and searches.found(search.id) == []
    shown, _ = to_the_end(engine, start(engine, query, masked_by=("", "code,password", "")))
    assert shown.findings.matched == (0 if "sk_live" in query else 1)


def test_ages_count_from_its_start(world, engine, searches):
    fail(world, "a", at=engine.store.now() - 100)
    search = start(engine, "age:<50s")
    record = json.loads(world.raw.hget(BOTH[0].format(search.id), "record"))
    earlier = json.dumps(record | {"created_at": record["created_at"] - 80})
    world.raw.hset(BOTH[0].format(search.id), "record", earlier)
    assert to_the_end(engine, searches.get(search.id))[0].findings.matched == 1


@pytest.mark.parametrize("change", [{"query": "exc:"}, {"masked_by": ["("]}, {"masked_by": ["", "", "("]}])
def test_what_cannot_be_understood_ends_as_failed(world, engine, searches, change):
    search = start(engine, "order")
    record = json.loads(world.raw.hget(BOTH[0].format(search.id), "record"))
    world.raw.hset(BOTH[0].format(search.id), "record", json.dumps(record | change))
    search = searches.step(search.id, [])
    assert (search.status, search.because) == ("failed", "its query cannot be read here")


@pytest.mark.parametrize("field", ["record", "findings", "status"])
@pytest.mark.parametrize("value", [b"", b"\xff", b"[]", b"{}", b'{"looked_at": -1}', b'{"counts": 7}'])
def test_a_broken_record_is_none_and_stops_nobody(world, engine, searches, field, value):
    broken, sound = start(engine, "order"), start(engine, "order")
    world.raw.hset(BOTH[0].format(broken.id), field, value)
    with pytest.raises(SearchNotFound):
        searches.get(broken.id)
    assert [one.id for one in searches.newest()] == [sound.id]
    assert to_the_end(engine, sound)[0].status == "done"


def test_one_that_is_something_else_stops_no_other(world, engine, searches):
    other, sound = start(engine, "order"), start(engine, "order")
    world.raw.delete(BOTH[0].format(other.id))
    world.raw.set(BOTH[0].format(other.id), "text")
    world.raw.set(BOTH[1].format(sound.id), "text")
    fail(world, "a", message="order")
    engine.snapshot.take()
    for _ in range(3):
        list(Duties(engine).search_in_background())
    assert [one.id for one in searches.newest()] == [sound.id] and searches.get(sound.id).ended


def test_hostile_names_are_found_and_lead_to_their_tasks(world, engine, searches):
    fail(world, HOSTILE_ID, HOSTILE_QUEUE)
    search, _ = to_the_end(engine, start(engine, "refused"))
    (one,) = searches.found(search.id)
    assert (one.queue, one.id, one.state) == (HOSTILE_QUEUE, HOSTILE_ID, "error")
    assert searches.chosen(search.id, "error") == {HOSTILE_QUEUE: [HOSTILE_ID]}


@pytest.mark.parametrize("query", ["", "  ", "exc:", "(a"])
def test_what_asks_for_nothing_starts_nothing(world, engine, searches, query):
    with pytest.raises(InvalidRequest):
        start(engine, query)
    assert world.dump() == {}


def test_the_sweeper_carries_it_on(world, engine):
    fail_many(world, 30)
    engine.snapshot.take()
    search = start(engine, "order")
    for _ in Duties(engine).search_in_background():
        pass
    assert engine.background.get(search.id).status == "done"
