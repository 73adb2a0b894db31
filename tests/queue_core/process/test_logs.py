"""The log lines of a process."""

import json

import pytest
import structlog

from queue_core.process import logs


def test_a_json_line_has_event_level_and_time_in_utc(capsys):
    logs.set_up("json")
    structlog.get_logger("signalbox").warning("lease lost", queue="a.b")
    line = json.loads(capsys.readouterr().err)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "lease lost", "level": "warning", "queue": "a.b"}


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_traceback_tells_no_local_variables(capsys, log_format):
    logs.set_up(log_format)
    password = "open sesame"
    try:
        raise ValueError(len(password))
    except ValueError:
        structlog.get_logger("signalbox").exception("exception")
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert "open sesame" not in written
