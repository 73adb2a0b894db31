"""Leases that are kept, and how their loss is noticed."""

import json

import pytest

from queue_core import Engine, Settings
from queue_core.worker.heartbeat import Pulse
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import QUICK, queue_task
from tests.waiting import wait_until


@pytest.fixture
def engine(redis_url):
    engine = Engine(redis_url, Settings(**QUICK))
    yield engine
    engine.close()


@pytest.fixture
def session(engine):
    session = engine.leases.session("worker-1")
    yield session
    session.close()


def claimed(raw, session):
    queue_task(raw, functions.nothing)
    return session.claim("orders", 1)[0]


def steal(raw, task_id):
    raw.zadd("t:active:orders", {task_id: 1})


def test_a_beat_renews_what_is_held(raw, engine, session):
    one = claimed(raw, session)
    before = raw.zscore("t:active:orders", one.id)
    pulse = Pulse(session, engine)
    assert pulse.begin([one])
    pulse.beat()
    assert raw.zscore("t:active:orders", one.id) > before
    assert 1.5 < pulse.lease_end.left_seconds <= 2 and not pulse.over


def test_a_task_that_somebody_else_took_must_end(raw, engine, session):
    one = claimed(raw, session)
    pulse = Pulse(session, engine)
    pulse.begin([one])
    steal(raw, one.id)
    pulse.beat()
    assert pulse.over and raw.zscore("t:active:orders", one.id) == 1


def test_a_start_that_was_refused_is_noticed_by_the_next_beat(raw, engine, session):
    one = claimed(raw, session)
    pulse = Pulse(session, engine)
    pulse.begin([one])
    steal(raw, one.id)
    session.start(one)
    session.flush()
    pulse.beat()
    assert pulse.over


def test_a_lost_task_is_not_begun(raw, engine, session):
    one = claimed(raw, session)
    pulse = Pulse(session, engine)
    steal(raw, one.id)
    pulse.beat()
    assert not pulse.begin([one])


def test_little_lease_left_is_renewed_before_a_task_begins(raw, engine, session):
    one = claimed(raw, session)
    before = raw.zscore("t:active:orders", one.id)
    wait_until(lambda: session.lease_left_seconds() < 0.9)
    assert Pulse(session, engine).begin([one])
    assert raw.zscore("t:active:orders", one.id) > before


def test_a_lease_that_runs_down_ends_the_run_before_it_ends_itself(raw, engine, session):
    one = claimed(raw, session)
    pulse = Pulse(session, engine)
    pulse.begin([one])
    wait_until(lambda: pulse.over)
    assert 0.2 < session.lease_left_seconds() < 0.6


def test_what_goes_with_the_leases_is_renewed_too_and_its_fault_ends_nothing(engine, session):
    seen = []

    def companions():
        seen.append("renewed")
        raise ZeroDivisionError

    pulse = Pulse(session, engine, companions)
    pulse.beat()
    assert seen == ["renewed"] and not pulse.steady


def test_the_payload_that_was_claimed_is_the_one_that_was_queued(raw, session):
    assert json.loads(claimed(raw, session).raw)["func"].endswith("functions:nothing")
