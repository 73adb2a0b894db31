"""Answers that are kept for programs which repeat themselves."""

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_core import Engine
from queue_core import answers as room
from queue_core.answers import LEASE_SECONDS, MOST_BYTES
from queue_core.errors import KeyReused, RequestRunning, StoreCorrupt, StoreUnavailable
from tests.checker import assert_sound


@pytest.fixture
def answers(engine):
    return engine.answers


@pytest.fixture
def lapse(monkeypatch):
    """From now on nobody's lease lasts."""
    return lambda: monkeypatch.setattr(room, "LEASE_SECONDS", 0)


def test_what_was_answered_is_answered_again(answers, raw):
    begun = answers.begin("bot", "k1", "retry a")
    assert begun.answer is None and not begun.in_doubt
    answers.keep(begun, 201, b'{"id": 5}')
    again = answers.begin("bot", "k1", "retry a").answer
    assert (again.status, again.body) == (201, b'{"id": 5}')
    assert_sound(raw)


def test_a_key_is_of_one_holder(answers):
    answers.keep(answers.begin("bot", "k1", "retry a"), 200, b"{}")
    assert answers.begin("other", "k1", "retry b").answer is None


def test_a_holder_and_a_key_are_told_apart(answers):
    answers.keep(answers.begin("bot", "1", "retry a"), 200, b"{}")
    assert answers.begin("bo", "t1", "retry a").answer is None


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_key_is_for_one_request(answers, is_answered):
    begun = answers.begin("bot", "k1", "retry a")
    if is_answered:
        answers.keep(begun, 200, b"{}")
    with pytest.raises(KeyReused):
        answers.begin("bot", "k1", "retry b")


def test_while_somebody_is_at_it_others_are_told_for_how_long(answers):
    answers.begin("bot", "k1", "retry a")
    with pytest.raises(RequestRunning) as refused:
        answers.begin("bot", "k1", "retry a")
    assert 0 < refused.value.retry_after_seconds <= LEASE_SECONDS


def test_of_many_at_once_one_begins(engine):
    gate, begun, refused = threading.Barrier(8), [], []

    def ask():
        gate.wait()
        try:
            begun.append(engine.answers.begin("bot", "k1", "retry a"))
        except RequestRunning:
            refused.append(1)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(begun), len(refused)) == (1, 7)


def test_what_fell_silent_is_taken_over_and_said_to_be_in_doubt(answers, lapse):
    first = answers.begin("bot", "k1", "retry a")
    lapse()
    second = answers.begin("bot", "k1", "retry a")
    third = answers.begin("bot", "k1", "retry a")
    assert second.in_doubt and third.in_doubt and second.begun_at == third.begun_at == first.begun_at
    answers.keep(first, 200, b"late")
    answers.keep(third, 200, b"in time")
    assert answers.begin("bot", "k1", "retry a").answer.body == b"in time"


def test_what_was_given_up_can_be_begun_anew_and_with_another_request(answers, raw):
    answers.give_up(answers.begin("bot", "k1", "retry a"))
    begun = answers.begin("bot", "k1", "retry b")
    assert begun.answer is None and not begun.in_doubt
    assert_sound(raw)


def test_whoever_lost_it_neither_keeps_nor_gives_up(answers, lapse):
    first = answers.begin("bot", "k1", "retry a")
    lapse()
    answers.keep(answers.begin("bot", "k1", "retry a"), 200, b"{}")
    answers.give_up(first)
    answers.keep(first, 500, b"late")
    assert answers.begin("bot", "k1", "retry a").answer.status == 200


def test_a_large_answer_is_kept_without_its_body(answers, raw):
    answers.keep(answers.begin("bot", "k1", "retry a"), 200, b"x" * (MOST_BYTES + 1))
    again = answers.begin("bot", "k1", "retry a").answer
    assert (again.status, again.body) == (200, None)


def test_of_very_many_the_oldest_are_forgotten(answers, raw, monkeypatch):
    monkeypatch.setattr(room, "MOST_ANSWERS", 3)
    for number in range(5):
        answers.keep(answers.begin("bot", f"k{number}", "retry a"), 200, b"{}")
    assert raw.zcard("t:x:answers:bot") == 3 and len(raw.keys("t:x:answer:*")) == 3
    assert answers.begin("bot", "k4", "retry a").answer is not None
    assert answers.begin("bot", "k0", "retry a").answer is None


def test_all_of_it_expires(answers, raw):
    answers.keep(answers.begin("bot", "k1", "retry a"), 200, b"{}")
    keys = raw.keys("t:x:answer*")
    assert len(keys) == 2 and all(0 < raw.ttl(key) <= 86_400 for key in keys)


@pytest.mark.parametrize(
    "found",
    [
        {b"request": b"\xff"},
        {b"status": b"200"},
        {b"\xff": b"\xff"},
    ],
)
def test_what_belongs_to_nobody_belongs_to_another_request(answers, raw, found):
    answers.begin("bot", "k1", "retry a")
    (key,) = raw.keys("t:x:answer:*")
    raw.delete(key)
    raw.hset(key, mapping=found)
    with pytest.raises(KeyReused):
        answers.begin("bot", "k1", "retry a")


@pytest.mark.parametrize("hostile", [b"", b"\xff", b"nan", b"-inf", b"1e99", b"9" * 5000])
def test_moments_and_a_status_that_are_none_count_as_silence(answers, raw, hostile):
    answers.begin("bot", "k1", "retry a")
    (key,) = raw.keys("t:x:answer:*")
    raw.hset(key, mapping={"taken_at": hostile, "begun_at": hostile, "status": hostile})
    assert answers.begin("bot", "k1", "retry a").in_doubt


def test_a_moment_far_ahead_keeps_nobody_waiting_for_longer_than_a_minute(answers, raw):
    answers.begin("bot", "k1", "retry a")
    (key,) = raw.keys("t:x:answer:*")
    raw.hset(key, "taken_at", "9e10")
    with pytest.raises(RequestRunning) as refused:
        answers.begin("bot", "k1", "retry a")
    assert refused.value.retry_after_seconds <= LEASE_SECONDS


def test_a_key_of_another_type_is_said_to_be_one(answers, raw):
    answers.begin("bot", "k1", "retry a")
    (key,) = raw.keys("t:x:answer:*")
    raw.delete(key)
    raw.set(key, "x")
    with pytest.raises(StoreCorrupt):
        answers.begin("bot", "k1", "retry a")


STEPS = st.sampled_from([("begin", "a"), ("begin", "b"), ("keep", 0), ("keep", 1), ("give up", 0), ("lapse", None)])


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=14))
def test_in_any_order_a_request_has_one_answer_and_one_that_carries_it_out(engine, raw, steps):
    """begin: one of two requests; keep, give up: by the newest that began or the one before; lapse: of its lease."""
    raw.flushall()
    begun, now = [], None
    for verb, what in steps:
        if verb == "begin":
            now = _begin(engine.answers, what, begun, now)
        elif verb == "lapse":
            for key in raw.scan_iter("t:x:answer:*"):
                raw.hset(key, "taken_at", "1")
            now = now and now | {"over": True}
        elif len(begun) > what:
            one = begun[-1 - what]
            has_it = now and now["by"] is one and now["status"] is None
            if verb == "keep":
                engine.answers.keep(one, 200 + len(begun), b"{}")
                now = now | {"status": 200 + len(begun)} if has_it else now
            else:
                engine.answers.give_up(one)
                now = None if has_it else now


def _begin(answers, request, begun, now):
    """What is known of the key afterwards, when `now` was known before."""
    try:
        found = answers.begin("bot", "k1", request)
    except KeyReused:
        assert now["request"] != request
        return now
    except RequestRunning:
        assert now["request"] == request and now["status"] is None and not now["over"]
        return now
    if found.answer is not None:
        assert now["request"] == request and found.answer.status == now["status"]
        return now
    assert found.in_doubt == (now is not None)
    assert now is None or (now["request"] == request and now["status"] is None and now["over"])
    begun.append(found)
    return {"request": request, "by": found, "status": None, "over": False}


def test_while_redis_is_away_nothing_begins(own_server):
    engine = Engine(own_server.url)
    begun = engine.answers.begin("bot", "k1", "retry a")
    own_server.stop()
    for ask in (lambda: engine.answers.begin("bot", "k2", "x"), lambda: engine.answers.keep(begun, 200, b"{}")):
        with pytest.raises(StoreUnavailable):
            ask()
    engine.close()
