"""An entry in the registry."""

import os

from queue_core import Engine
from queue_core.process.presence import Presence, facts_of_this_process
from tests.builders import ANNA
from tests.waiting import wait_until


def presence_of(engine, facts):
    return Presence(engine, "worker-1", lambda: dict(facts))


def listed(engine):
    return [one.facts for one in engine.workers.alive()]


def test_a_process_is_listed_with_its_facts_until_it_leaves(engine):
    presence = presence_of(engine, facts_of_this_process("worker", 1.0))
    presence.register()
    assert listed(engine)[0]["pid"] == os.getpid() and listed(engine)[0]["kind"] == "worker"
    presence.leave()
    assert not listed(engine)


def test_a_change_is_told_without_waiting_for_the_next_heartbeat(engine):
    facts = {"running": []}
    presence = presence_of(engine, facts)
    presence.register()
    facts["running"] = [{"id": "1"}]
    wait_until(lambda: presence.beat() or listed(engine)[0]["running"] == facts["running"], 5)


def test_a_store_that_is_away_is_no_trouble(tmp_path):
    presence = presence_of(Engine(f"unix://{tmp_path}/nothing"), {})
    presence.register()
    presence.beat()
    presence.leave()


def test_memory_is_told_and_its_change_alone_is_no_reason_to_speak(engine):
    presence = presence_of(engine, {"running": []})
    presence.register()
    (before,) = engine.workers.alive()
    assert before.facts["memory_bytes"] > 1_000_000
    ballast = bytearray(50_000_000)
    presence.beat()
    assert engine.workers.alive()[0].seen_at == before.seen_at and ballast


def test_orders_are_passed_on_with_the_next_sign_of_life(engine):
    taken, facts = [], {"kind": "worker"}
    presence = Presence(engine, "worker-1", lambda: dict(facts), taken.append)
    presence.register()
    engine.workers.order("quiet", "worker-1", actor=ANNA)
    facts["running"] = [{"id": "1"}]
    wait_until(lambda: presence.beat() or taken, 20)
    assert [order.verb for order in taken] == ["quiet"]
