"""A process that dies exactly where a test wants it to."""

import os
import signal
import subprocess
import sys

import pytest

from queue_core import crash_points

ENQUEUE_TWICE = """
import os, sys
from queue_core import Engine
from queue_core.payload import Payload
from queue_core.crash_points import reach
engine = Engine(sys.argv[1])
for task_id in ("a", "b"):
    engine.enqueue.put(Payload({"id": task_id, "func": "app.tasks:work"}), "orders")
session = engine.leases.session("w")
claimed = session.claim("orders", 2)
for one in claimed:
    session.start(one)
    session.finish(one)
session.drain()
if os.fork() == 0:
    reach("reached", "report")
    os._exit(3)
assert os.waitstatus_to_exitcode(os.wait()[1]) == (-9 if sys.argv[2:] else 3)
"""


@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("before:enqueue", []),
        ("after:enqueue", ["queued a"]),
        ("before:enqueue:2", ["queued a"]),
        ("before:claim@parent", ["queued a", "queued b"]),
        ("after:claim", ["active a", "active b"]),
        ("before:finish:2", ["active a", "active b"]),
        ("after:finish:2", []),
    ],
)
def test_a_process_dies_before_a_script_or_after_its_reply(redis_url, raw, point, left):
    assert _run(redis_url, point).returncode == -signal.SIGKILL
    assert [f"{state} {task_id}" for state in ("queued", "active") for task_id in _ids(raw, state)] == left


def test_on_a_stream_it_also_dies_with_the_reply_on_its_way(redis_url, raw):
    assert _run(redis_url, "sent:finish").returncode == -signal.SIGKILL


def test_a_point_in_a_child_leaves_the_parent_alone(redis_url):
    assert _run(redis_url, "reached:report@child", "the child dies").returncode == 0


@pytest.mark.parametrize("point", ["before:finish:3", "before:enqueue@child", "reached:report@parent"])
def test_a_point_that_is_not_met_changes_nothing(redis_url, point):
    done = _run(redis_url, point)
    assert done.returncode == 0, done.stderr


def test_without_the_variable_no_point_does_anything(redis_url, monkeypatch):
    monkeypatch.setattr(crash_points, "die", lambda: pytest.fail("died"))
    crash_points.reach("before", "finish")


@pytest.mark.parametrize("text", ["finish", "before:finish:x", "near:finish", "before:finish@moon"])
def test_a_point_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match="no crash point"):
        crash_points.arm(text)


def _ids(raw, state):
    return [member.decode() for member in raw.zrange(f"t:{state}:orders", 0, -1)]


def _run(url, point, *more):
    environment = os.environ | {crash_points.VARIABLE: point}
    return subprocess.run(
        [sys.executable, "-c", ENQUEUE_TWICE, url, *more], env=environment, capture_output=True, text=True, check=False
    )
