import json

import pytest

from queue_core import Actor, Engine, Settings
from queue_core.errors import InvalidRequest
from tests.builders import ANNA, HOSTILE_QUEUE
from tests.checker import assert_sound

BERT = Actor("bert", "web")


def record_many(engine, count, **more):
    for number in range(count):
        engine.audit.record("login", actor=ANNA, outcome="done", number=number, **more)


def test_a_record_comes_back_whole(world, engine):
    engine.audit.record(
        "retry", actor=BERT, queue=HOSTILE_QUEUE, task_id="a", reason="try\n", outcome="refused", why="not allowed"
    )
    (entry,) = engine.audit.page().entries
    assert (entry.actor, entry.door, entry.verb, entry.queue, entry.task_id) == (
        "bert",
        "web",
        "retry",
        HOSTILE_QUEUE,
        "a",
    )
    assert (entry.reason, entry.outcome, entry.facts) == ("try\n", "refused", {"why": "not allowed"})
    assert abs(entry.at - engine.store.now()) < 5
    assert_sound(world.raw)


def test_pages_go_from_the_newest_to_the_oldest(engine):
    record_many(engine, 25)
    numbers, cursor = [], None
    for _ in range(3):
        page = engine.audit.page(cursor=cursor, limit=10)
        numbers += [entry.facts.get("number", 0) for entry in page.entries]
        cursor = page.next_cursor
    assert numbers == list(range(24, -1, -1)) and cursor is None


def test_a_page_that_ends_exactly_at_the_oldest_has_no_next(engine):
    record_many(engine, 10)
    assert engine.audit.page(limit=10).next_cursor is None


def test_new_entries_do_not_move_a_page(engine):
    record_many(engine, 10)
    cursor = engine.audit.page(limit=5).next_cursor
    before = engine.audit.page(cursor=cursor, limit=5)
    record_many(engine, 5)
    assert engine.audit.page(cursor=cursor, limit=5) == before


def test_a_filter_finds_what_it_names(engine):
    for number in range(300):
        actor = BERT if number % 100 == 7 else ANNA
        engine.audit.record("retry" if number < 150 else "pause", actor=actor, queue=f"q{number}", outcome="done")
    assert [entry.queue for entry in engine.audit.page(actor="bert").entries] == ["q207", "q107", "q7"]
    assert [entry.queue for entry in engine.audit.page(actor="bert", verb="retry").entries] == ["q107", "q7"]
    assert len(engine.audit.page(queue="q5").entries) == 1
    assert engine.audit.page(actor="nobody").entries == []


def test_a_filtered_page_goes_on_where_it_ended(engine):
    for number in range(30):
        engine.audit.record("retry", actor=BERT if number % 3 == 0 else ANNA, queue=str(number), outcome="done")
    first = engine.audit.page(actor="bert", limit=4)
    second = engine.audit.page(actor="bert", limit=100, cursor=first.next_cursor)
    assert [entry.queue for entry in first.entries + second.entries] == [str(n) for n in range(27, -1, -3)]


def test_a_span_of_time_holds_over_all_pages(engine):
    for number in range(5):
        engine.audit.record("retry", actor=Actor("ann", "web"), reason=str(number))
    entries = engine.audit.page().entries
    span = {"since_at": entries[3].at, "until_at": entries[0].at}
    first = engine.audit.page(limit=2, **span)
    assert [entry.id for entry in first.entries] == [entry.id for entry in entries[:2]]
    assert {entry.id for entry in engine.audit.walk(**span)} >= {entry.id for entry in entries[:4]}
    assert engine.audit.page(since_at=entries[0].at + 60).entries == []
    assert engine.audit.page(until_at=entries[4].at - 60).entries == []


@pytest.mark.parametrize("moment", [-1.0, float("inf"), float("nan"), 1e12])
def test_a_moment_that_is_none_is_refused(engine, moment):
    with pytest.raises(InvalidRequest):
        engine.audit.page(since_at=moment)
    with pytest.raises(InvalidRequest):
        engine.audit.page(until_at=moment)


def test_a_page_that_finds_little_stops_looking_and_says_where(world, engine):
    pipeline = world.raw.pipeline()
    for _ in range(6000):
        pipeline.xadd("t:x:audit", {"act": b"{}"})
    pipeline.execute()
    page = engine.audit.page(actor="bert")
    assert page.entries == [] and page.next_cursor
    assert engine.audit.page(actor="bert", cursor=page.next_cursor).next_cursor is None


@pytest.mark.parametrize("found", [b"", b"\xff", b"[]", b"5", b'"text"', b'{"actor": 5, "facts": []}', b"[" * 100_000])
def test_an_unreadable_entry_is_shown_as_one(world, engine, found):
    world.raw.xadd("t:x:audit", {"act": found})
    world.raw.xadd("t:x:audit", {"other": "field"})
    entries = engine.audit.page().entries
    assert len(entries) == 2
    for entry in entries:
        assert all(isinstance(value, str) for value in (entry.actor, entry.door, entry.verb, entry.reason))
        assert isinstance(entry.facts, dict)


@pytest.mark.parametrize("cursor", ["nonsense", "1-2-3", "\r\n", "-1", "0-0", "9" * 25])
def test_a_cursor_that_is_none_is_refused(engine, cursor):
    with pytest.raises(InvalidRequest):
        engine.audit.page(cursor=cursor)


def test_about_so_many_are_kept(world, redis_url):
    engine = Engine(redis_url, Settings(max_audit_entries=50))
    record_many(engine, 500)
    assert 50 <= world.raw.xlen("t:x:audit") < 300
    engine.close()


def test_facts_that_say_nothing_are_left_out(world, engine):
    engine.audit.record("login", actor=ANNA, outcome="done", reason="")
    (fields,) = (json.loads(one) for one in world.dump()["t:x:audit"])
    assert fields.keys() == {"verb", "actor", "door", "outcome"}


def test_a_walk_gives_every_entry_once_newest_first(engine):
    for number in range(1200):
        engine.audit.record("retry", actor=Actor("ann", "web"), reason=str(number))
    walked = engine.audit.walk()
    first = next(walked)
    engine.audit.record("retry", actor=Actor("ann", "web"), reason="later")
    assert [first.reason, *(entry.reason for entry in walked)] == [str(number) for number in reversed(range(1200))]
    assert [entry.reason for entry in engine.audit.walk(actor="bob")] == []
