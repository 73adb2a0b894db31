"""Open sessions: listed with the user, ended one by one or all together."""

import json

import pytest

from queue_core.errors import SessionNotFound
from queue_core.people import sessions as register

PASSWORD = "correct horse battery"


@pytest.fixture
def ann(engine):
    return engine.people.add("ann", PASSWORD, "operator")


def begun(engine, user, **more):
    return engine.people.sessions.begin(user, **{"seconds": 3600, "address": "192.0.2.1", "browser": "Firefox", **more})


def goes_on(engine, user, session_id):
    return engine.people.of_session(user.name, user.epoch, session_id) == user


def test_a_session_is_listed_with_where_it_comes_from(engine, ann):
    session_id = begun(engine, ann)
    (session,) = engine.people.sessions.of(ann)
    assert (session.id, session.user, session.address, session.browser) == (session_id, "ann", "192.0.2.1", "Firefox")
    assert goes_on(engine, ann, session_id)
    assert session.seen_at == session.since_at and abs(session.since_at - engine.clock.now()) < 60


def test_one_session_ends_and_the_others_go_on(engine, ann):
    first, second = begun(engine, ann), begun(engine, ann)
    engine.people.sessions.end("ann", first)
    assert (goes_on(engine, ann, first), goes_on(engine, ann, second)) == (False, True)
    with pytest.raises(SessionNotFound):
        engine.people.sessions.end("ann", first)


def test_a_session_that_was_ended_does_not_come_back_by_being_seen(engine, ann):
    session_id = begun(engine, ann)
    engine.people.sessions.end("ann", session_id)
    engine.people.sessions.note_seen(ann, session_id, None)
    assert engine.people.sessions.of(ann) == [] and not goes_on(engine, ann, session_id)


@pytest.mark.parametrize("change", ["set_password", "set_role", "end_sessions", "remove"])
def test_what_ends_all_sessions_empties_the_list(engine, ann, raw, change):
    session_id = begun(engine, ann)
    arguments = {"set_password": [PASSWORD + "!"], "set_role": ["viewer"]}.get(change, [])
    getattr(engine.people, change)("ann", *arguments)
    assert not goes_on(engine, ann, session_id) and not raw.exists("t:x:users:sessions:ann")


def test_a_session_of_before_a_change_is_not_listed_even_if_its_record_stayed(engine, ann, raw):
    session_id = begun(engine, ann)
    held = raw.hgetall("t:x:users:sessions:ann")
    ann = engine.people.set_role("ann", "viewer")
    raw.hset("t:x:users:sessions:ann", mapping=held)
    assert engine.people.sessions.of(ann) == [] and not goes_on(engine, ann, session_id)


def test_a_session_ends_by_its_time_and_the_list_with_it(engine, ann, raw):
    session_id = begun(engine, ann, seconds=1000)
    assert 990 < raw.ttl("t:x:users:sessions:ann") <= 1000
    record = json.loads(raw.hget("t:x:users:sessions:ann", session_id))
    raw.hset("t:x:users:sessions:ann", session_id, json.dumps(record | {"expires_at": 1.0}))
    assert engine.people.sessions.of(ann) == [] and not goes_on(engine, ann, session_id)
    begun(engine, ann)
    assert not raw.hexists("t:x:users:sessions:ann", session_id)


def test_beyond_fifty_the_oldest_end(engine, ann, raw):
    ids = [begun(engine, ann) for _ in range(register.MOST_SESSIONS + 3)]
    assert raw.hlen("t:x:users:sessions:ann") == register.MOST_SESSIONS
    assert goes_on(engine, ann, ids[-1])


def test_being_seen_is_noted_to_a_minute(engine, ann, raw):
    session_id = begun(engine, ann)
    raw.hset("t:x:users:sessions:ann", session_id + ":seen", repr(engine.clock.now() - 90))
    assert goes_on(engine, ann, session_id)
    noted = raw.hget("t:x:users:sessions:ann", session_id + ":seen")
    assert goes_on(engine, ann, session_id)
    assert raw.hget("t:x:users:sessions:ann", session_id + ":seen") == noted
    assert engine.people.sessions.of(ann)[0].seen_at == float(noted) > engine.clock.now() - 60
    assert raw.ttl("t:x:users:sessions:ann") > 0


def test_an_unlisted_session_goes_on_while_the_epoch_is_the_same(engine, ann):
    assert goes_on(engine, ann, None)
    engine.people.end_sessions("ann")
    assert not goes_on(engine, ann, None)


def test_sessions_of_all_users_are_listed_by_when_they_were_seen(engine, ann):
    bob = engine.people.add("bob", PASSWORD, "viewer")
    begun(engine, ann), begun(engine, bob)
    assert [session.user for session in engine.people.sessions.of_all([ann, bob])] == ["bob", "ann"]


@pytest.mark.parametrize("held", [b"", b"{", b"[]", b'{"since_at": "x"}', b"\xff"])
def test_a_record_that_cannot_be_read_is_no_session(engine, ann, raw, held):
    session_id = begun(engine, ann)
    raw.hset("t:x:users:sessions:ann", session_id, held)
    assert engine.people.sessions.of(ann) == [] and not goes_on(engine, ann, session_id)
