"""What is sent: the body, and the headers by which a receiver knows who sent it."""

import hashlib
import hmac
import json
import re
import time
from pathlib import Path

from queue_core.alert import CRITICAL, Alert, Change, Sight
from queue_core.alert_message import (
    MOST_BODY_BYTES,
    OLD_SECONDS,
    as_sent,
    encoded,
    event_of,
    event_of_a_test,
    headers,
    read_body,
)

SIGHT = Sight("queue:1", "unserved", CRITICAL, "No worker serves mail", "3 tasks.", 3, "mail", path="/queues/?q=mail")
DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")


def event(told="opened", **where):
    return event_of(Change("queue:1", Alert(SIGHT, 1, 2), told, SIGHT, 1.0), 5.0, **where)


def test_the_body_says_what_where_and_since_when():
    found = event(environment="production", console_url="https://jobs.example.com/x/")
    assert (found["event"], found["kind"], found["severity"], found["count"]) == ("opened", "unserved", "critical", 3)
    assert (found["alert"], found["queue"], found["since_at"], found["at"]) == ("queue:1", "mail", 1.0, 5.0)
    assert found["url"] == "https://jobs.example.com/x/queues/?q=mail"
    assert found["text"] == f"[production] CRITICAL No worker serves mail\n3 tasks.\n{found['url']}"


def test_without_the_address_of_the_console_there_is_no_link():
    assert event()["url"] is None
    assert event("repeated")["text"] == "CRITICAL still: No worker serves mail\n3 tasks."
    assert event("resolved")["text"] == "resolved: No worker serves mail\n3 tasks."


def test_each_event_has_an_id_of_its_own():
    assert len({event()["id"] for _ in range(50)}) == 50


def test_the_document_names_every_field():
    example = json.loads(re.search(r"```json\n(.+?)```", DOCUMENT, re.DOTALL)[1])
    assert list(example) == list(event()) == list(event_of_a_test("ann", 1.0))
    named = set(re.findall(r"^\| (`.+?`) \|", DOCUMENT.split("## What is sent")[1].split("##")[0], re.MULTILINE))
    assert {"environment", "kind", "severity"} | set(re.findall(r"`(\w+)`", " ".join(named))) <= set(example)


def test_the_receiver_of_the_document_believes_what_is_signed_and_nothing_else():
    namespace, body = {}, encoded(event())
    exec(re.search(r"```python\n(.+?)```", DOCUMENT, re.DOTALL)[1], namespace)
    is_genuine, sent = namespace["is_genuine"], headers(body, time.time(), "a-long-random-text")
    assert is_genuine(sent, body, "a-long-random-text")
    assert not is_genuine(sent, body + b" ", "a-long-random-text")
    assert not is_genuine(sent, body, "another-long-random-text")
    assert not is_genuine(headers(body, time.time() - 3600, "a-long-random-text"), body, "a-long-random-text")


def test_the_signature_covers_moment_and_body():
    sent = headers(b"{}", 12.9, "secret")
    assert sent["Signalbox-Timestamp"] == "12"
    expected = hmac.new(b"secret", b"12.{}", hashlib.sha256).hexdigest()
    assert sent["Signalbox-Signature"] == f"sha256={expected}"
    assert "Signalbox-Signature" not in headers(b"{}", 12.9, "")


def test_names_of_any_bytes_are_sent_as_text():
    assert json.loads(encoded({"id": "1", "text": "a\udcff"}))["text"] == "a\ufffd"


def test_an_event_in_any_script_stays_below_the_bound():
    fire = "\U0001f525"
    long = Sight(
        "queue:1", "unserved", CRITICAL, fire * 300, fire * 5000, 3, fire * 200, path="/queues/?q=" + "%F0" * 300
    )
    body = encoded(
        event_of(Change("queue:1", None, "opened", long, 1.0), 5.0, environment=fire * 100, console_url="http://c")
    )
    found = read_body(body)
    assert found["title"] == fire * 300 and found["url"] == "http://c" + long.path


def test_what_is_far_too_long_is_shortened_and_still_sent():
    huge = Sight(
        "queue:1", "unserved", CRITICAL, "\x01" * 50_000, "\x01" * 5000, 3, "\x01" * 50_000, path="/" + "x" * 50_000
    )
    found = read_body(encoded(event_of(Change("queue:1", None, "opened", huge, 1.0), 5.0, console_url="http://c")))
    assert found["title"].endswith("…") and found["url"] is None and found["alert"] == "queue:1"


def test_what_redis_holds_and_is_no_event_is_not_sent():
    assert read_body(encoded(event())) is not None
    good = '{"id": "a", "text": "b"}'
    odd = (
        good.encode("utf-16"),
        good.encode("utf-8-sig"),
        b'{"id":"a","text":"\xed\xa0\x80"}',
        rb'{"id":"a","text":"\ud800"}',
    )
    large = json.dumps({"id": "1", "text": "x" * MOST_BODY_BYTES}).encode()
    for raw in (None, b"", b"[]", b'{"id": 1, "text": ""}', b'{"id": ""}', b"\xff", large, *odd):
        assert read_body(raw) is None


def test_an_old_event_says_when_it_was_noticed():
    body = encoded(event())
    assert as_sent(body, 5.0, 5.0 + OLD_SECONDS) == body
    late, first = json.loads(as_sent(body, 5.0, 5.0 + OLD_SECONDS + 1)), json.loads(body)
    assert late == first | {"text": "[noticed 1970-01-01 00:00 UTC] " + first["text"]}
