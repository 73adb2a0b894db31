"""Reports of a child: out and in again."""

import pytest

from queue_core.outcome import Done, Failed, TimedOut
from queue_core.worker.executors import report

OUTCOMES = [
    Done(1.0, 2.5),
    Failed(1.0, 2.0, "builtins:ValueError", ("builtins:ValueError",), "Traceback \ud83d é", True, ("m:f", [1]), False),
    TimedOut(1.0, 2.0, 9.5, "Traceback"),
]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: type(outcome).__name__)
def test_a_report_comes_back_as_it_was(outcome):
    assert report.decode(report.encode(outcome)) == outcome


@pytest.mark.parametrize("raw", [b"", b'["Done", {"started_at": 1.0', b"[]", b"7", b'["Killed", {}]', b'["Done", []]'])
def test_a_report_that_is_none_gives_none(raw):
    assert report.decode(raw) is None


@pytest.mark.parametrize("argument", [object(), "x" * 2_000_000], ids=["not JSON", "too long"])
def test_a_retry_method_that_cannot_be_sent_is_left_out_and_said(argument):
    failed = Failed(1.0, 2.0, "a:B", ("a:B",), "Traceback", True, ("m:f", [argument]), False)
    told = report.decode(report.encode(failed))
    assert told.retry_method is None and told.retry_wanted and not told.log_error
    assert "cannot be kept" in told.traceback
