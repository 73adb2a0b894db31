"""What the doctor found is kept for the pages by whoever sweeps or observes."""

import json
import socket

import pytest

from queue_core.checkups import ADVICE, FINE, TROUBLE, Checkup, Finding
from queue_core.duties import Duties
from queue_core.sweeper import Sweeper
from tests.builders import HOSTILE_QUEUE
from tests.waiting import wait_until

FOUND = [Finding(FINE, "well"), Finding(TROUBLE, "sick", "heal it"), Finding(ADVICE, "tired", "rest")]


def test_nobody_has_looked_yet(engine):
    assert engine.checkups.newest() is None


def test_what_was_found_is_kept_in_place_of_what_was_before(engine, raw):
    engine.checkups.keep([Finding(FINE, "older")], "w1")
    engine.checkups.keep(FOUND, "w3")
    newest = engine.checkups.newest()
    assert newest == Checkup(newest.ended_at, "w3", tuple(FOUND))
    assert abs(newest.ended_at - engine.store.now()) < 60
    assert 0 < raw.ttl("t:x:checkup") <= 86_400


def test_trouble_comes_first(engine):
    engine.checkups.keep(FOUND, "w3")
    newest = engine.checkups.newest()
    assert [one.level for one in newest.worst_first] == [TROUBLE, ADVICE, FINE]
    assert newest.troubles == (FOUND[1],)


@pytest.mark.parametrize(
    "written",
    [
        "no json",
        "[]",
        '{"ended_at": 1}',
        '{"ended_at": NaN, "host": "w", "findings": []}',
        '{"ended_at": 1, "host": 7, "findings": []}',
        '{"ended_at": 1, "host": "w", "findings": [["deadly", "x", ""]]}',
        '{"ended_at": 1, "host": "w", "findings": [["fine", ["x"], ""]]}',
        '{"ended_at": true, "host": "w", "findings": []}',
        '{"ended_at": -1, "host": "w", "findings": []}',
        f'{{"ended_at": {"9" * 400}, "host": "w", "findings": []}}',
        b"\xff\x00",
    ],
)
def test_what_cannot_be_read_is_unknown(engine, raw, written):
    raw.set("t:x:checkup", written)
    assert engine.checkups.newest() is None


def test_a_key_of_another_type_is_unknown(engine, raw):
    raw.lpush("t:x:checkup", "foreign")
    assert engine.checkups.newest() is None


def test_after_some_minutes_it_says_nothing_about_now(engine):
    engine.checkups.keep(FOUND, "w3")
    newest = engine.checkups.newest()
    assert not newest.is_old(newest.ended_at + 299)
    assert newest.is_old(newest.ended_at + 301)


def test_it_is_bounded_whatever_was_found(engine, raw):
    engine.checkups.keep([Finding(ADVICE, "x" * 100_000, "y" * 100_000)] * 1000, "w3")
    assert raw.strlen("t:x:checkup") < 500_000
    assert engine.checkups.newest().findings[0].what == "x" * 1000


def test_the_duty_looks_in_pieces_at_everything(world, engine, raw):
    for number in range(450):
        world.put("queued", f"queue-{number:03}")
    raw.sadd("t:error", "ghost", HOSTILE_QUEUE.encode("utf-8", "surrogateescape"))
    steps = sum(1 for _ in Duties(engine).check_up())
    newest = engine.checkups.newest()
    assert steps > len(newest.findings)
    assert newest.host == socket.gethostname()
    (empty,) = [one for one in newest.findings if "listed without a task" in one.what]
    assert "'ghost'" in empty.what


def test_the_checkup_is_one_of_the_observers_duties(engine, raw, monkeypatch):
    monkeypatch.setattr("queue_core.sweeper._FIRST_CHECKUP_SECONDS", 0.0)
    observer = Sweeper(engine, observe=True)
    wait_until(lambda: observer.step() is not None and raw.exists("t:x:checkup"))
    assert json.loads(raw.get("t:x:checkup"))["findings"]
    observer.leave()
