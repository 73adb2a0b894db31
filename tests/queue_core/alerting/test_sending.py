"""One event on its way to one receiver, whatever that does."""

import os
import subprocess
import sys

import pytest

from queue_core.alert_delivery import Receiver as Address
from queue_core.alerting import sending
from queue_core.alerting.sending import Sending
from tests.queue_core.worker.seeds import ROOT
from tests.receiver import never_ends, says, says_nothing
from tests.waiting import wait_until

PATIENCE_SECONDS = 60.0


def answer_of(url, body=b'{"id": "1", "text": ""}', **headers):
    one = Sending(url, body, {"Content-Type": "application/json", **headers})
    wait_until(one.has_ended, PATIENCE_SECONDS)
    return one.answer


def test_body_and_headers_arrive_as_they_are(receiver):
    answer = answer_of(receiver.url, b'{"id": "\xc3\xa9", "text": "x"}', **{"Signalbox-Timestamp": "12"})
    assert answer.arrived and (answer.status, answer.said) == (200, "ok")
    (post,) = receiver.posts
    assert post.body == b'{"id": "\xc3\xa9", "text": "x"}' and post.path == "/hooks/s3cret-token?key=hunter2"
    assert post.headers["Signalbox-Timestamp"] == "12" and post.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [204, 400, 404, 500, 503])
def test_whatever_a_receiver_says_is_its_answer(receivers, status):
    answer = answer_of(receivers(says(status, b"")).url)
    assert (answer.status, answer.arrived) == (status, status == 204)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(receivers, receiver, status):
    answer = answer_of(receivers(says(status, b"", Location=receiver.url)).url)
    assert answer.status == status and receiver.posts == []


def test_of_an_answer_without_end_only_the_beginning_is_read(receivers):
    answer = answer_of(receivers(never_ends).url)
    assert answer.status == 200 and len(answer.said) <= 1000


def test_nobody_at_home_is_said(receivers):
    gone = receivers()
    url = gone.url
    gone.close()
    answer = answer_of(url)
    assert answer.status is None and "refused" in answer.in_words(Address(url))
    gone.close = lambda: None


def test_nobody_waits_for_long_unless_a_test_says_so():
    program = "from queue_core.alerting import sending; print(sending.SILENT_SECONDS, sending.DEADLINE_SECONDS)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["5.0", "10"]


def test_one_that_says_nothing_does_not_keep_anybody(receivers, monkeypatch):
    monkeypatch.setattr(sending, "SILENT_SECONDS", 0.2)
    answer = answer_of(receivers(says_nothing).url)
    assert answer.status is None and "timed out" in answer.said


def test_all_of_it_ends_in_time(receivers, monkeypatch):
    monkeypatch.setattr(sending, "DEADLINE_SECONDS", 1)
    monkeypatch.setattr(sending, "SILENT_SECONDS", 1000.0)
    answer = answer_of(receivers(says_nothing).url)
    assert answer.status is None and answer.said.startswith("no answer within")


def test_a_process_that_does_not_end_by_itself_is_ended(receivers, monkeypatch):
    monkeypatch.setattr(sending, "DEADLINE_SECONDS", 1000)
    monkeypatch.setattr(sending, "SILENT_SECONDS", 1000.0)
    one = Sending(receivers(says_nothing).url, b"{}", {})
    one._until = 0.0
    assert one.has_ended() and one.answer.said.startswith("no answer within")
    with pytest.raises(ProcessLookupError):
        os.kill(one._process.pid, 0)


def test_where_no_process_can_be_started_that_is_said(monkeypatch):
    monkeypatch.setattr(sending.sys, "executable", "/nowhere/python")
    one = Sending("http://127.0.0.1:1/", b"{}", {})
    assert one.has_ended() and "no process" in one.answer.said


def test_the_address_stands_in_no_list_of_processes(receivers):
    one = Sending(receivers(says_nothing).url, b"{}", {})
    with open(f"/proc/{one._process.pid}/cmdline", "rb") as line:
        assert b"s3cret" not in line.read()
    one._until = 0.0
    assert one.has_ended()
