"""`signalbox alerts`: what is open, how it goes with the receivers, and a test."""

import contextlib
import json

import pytest
from click.testing import CliRunner

from queue_core.alert import CRITICAL, Look, Sight
from queue_core.alert_delivery import Answer
from queue_core.alert_delivery import Receiver as Address
from queue_core.alerting import sending
from queue_core.cli import main
from tests.receiver import Receiver, says


@pytest.fixture
def run(redis_url, monkeypatch):
    monkeypatch.setattr(sending, "SILENT_SECONDS", 60.0)
    monkeypatch.setattr(sending, "DEADLINE_SECONDS", 60)

    def run(*arguments, webhooks=(), **environment):
        monkeypatch.setenv("SIGNALBOX_ALERT_WEBHOOKS", ",".join(webhooks))
        for name, value in environment.items():
            monkeypatch.setenv(f"SIGNALBOX_{name}", value)
        done = CliRunner().invoke(main, ["alerts", *arguments, "--redis-url", redis_url])
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done

    return run


def test_before_anybody_looks_that_is_said(run):
    assert "Nobody has looked for alerts" in run("list").output


def test_what_is_open_and_how_far_the_receivers_are_is_listed(run, engine):
    address = Address("https://hooks.example.com/s3cret")
    (delivery,) = engine.alerts.enlist([address]).values()
    engine.alerts.note(Look((Sight("queue:1", "unserved", CRITICAL, "No worker serves m\x1bail", "3 tasks."),)))
    engine.alerts.settle(delivery, engine.alerts.waiting(delivery), Answer(500), "answered 500")
    said = run("list").output
    assert "critical  No worker serves m?ail" in said and "3 tasks." in said
    assert "to hooks.example.com  nothing has arrived yet  not delivered" in said and "answered 500" in said
    assert "s3cret" not in said


def test_when_nothing_is_wrong_that_is_said(run, engine):
    engine.alerts.note(Look())
    assert "Nothing is wrong, as of 20" in run("list").output


def test_a_test_is_sent_from_here_and_each_answer_printed(run, engine):
    with contextlib.closing(Receiver()) as good, contextlib.closing(Receiver(says(403, b"invalid_token"))) as bad:
        done = run("test", webhooks=(good.url, bad.url), ALERT_SECRET="a-long-random-text")
        assert done.exit_code == 1
        assert (
            f"{good.host}  answered 200: ok" in done.output
            and f"{bad.host}  answered 403: invalid_token" in done.output
        )
        assert "s3cret" not in done.output
        assert good.told == [("test", "test")] and good.posts[0].headers["Signalbox-Signature"].startswith("sha256=")
        assert run("test", webhooks=(good.url,)).exit_code == 0
    assert [entry.verb for entry in engine.audit.page().entries] == ["test_alert", "test_alert"]


def test_without_a_receiver_there_is_nothing_to_test(run):
    done = run("test")
    assert done.exit_code == 1 and "SIGNALBOX_ALERT_WEBHOOKS is empty" in done.output


def test_what_is_unknown_is_never_said_to_be_well(run, engine, raw):
    engine.alerts.note(Look(unknown=frozenset({"errors"})))
    said = run("list").output
    assert "Unknown: errors." in said and "Nothing is wrong" not in said
    raw.set("t:x:alerts:look", json.dumps({"at": engine.store.now() - 300}))
    said = run("list").output
    assert "Unknown: nobody has looked since 20" in said and "Nothing is wrong" not in said
    engine.alerts.note(Look())
    raw.hset("t:x:alerts", "queue:1", "{}")
    said = run("list").output
    assert "Unknown: 1 record of alerts" in said and "Nothing is wrong" not in said
