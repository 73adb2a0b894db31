"""A day in the shop on one engine: all is queued, workers run until nothing more can be run, then they are stopped."""

import contextlib
import os
import signal
from dataclasses import dataclass

import redis

from tests.interop.both.aftermath import STATES, Names, left_in_redis, told_in_log
from tests.interop.both.engines import PASSWORD, Side
from tests.interop.tiger import killed_at_the_end
from tests.waiting import wait_until

LATER = {"later", "nightly", "weekly"}
"""Queues with tasks of another day."""


@dataclass
class Day:
    """What has happened: lines of the shop's journal, what is left in Redis, lines of the log, ends of the workers."""

    journal: list
    left: dict
    log: list
    output: str
    statuses: list


def spend(side: Side, folder, *options) -> Day:
    """options: TaskTiger's, for the worker.  A worker that leaves by itself is started again, as a supervisor does."""
    paths = {name: folder / f"{side.name}-{name}" for name in ("journal", "output")}
    variables = {"SCENE_JOURNAL": str(paths["journal"])}
    with client_of(side) as client:
        client.flushall()
        queued = side.run("tests.interop.app.day", **variables)
        assert queued.returncode == 0, queued.stderr
        statuses = _work(side, client, options, paths["output"], variables)
        names, output = Names(), paths["output"].read_text()
        return Day(
            sorted(paths["journal"].read_text().splitlines()),
            _in_no_order(left_in_redis(client, names)),
            told_in_log(output.splitlines(), names),
            output,
            statuses,
        )


def client_of(side: Side, db=0):
    return redis.Redis(unix_socket_path=side.server.socket_path, password=PASSWORD, db=db, decode_responses=True)


def _work(side, client, options, output, variables) -> list:
    statuses, settled = [], False
    while not settled:
        with worker(side, "tests.interop.app.launch", "tasktiger", *options, output=output, **variables) as process:
            wait_until(lambda: process.poll() is not None or _settled(client), 60, f"see {output}")
            settled = _settled(client)
            if process.poll() is None:
                os.kill(process.pid, signal.SIGTERM)
            statuses.append(process.wait(30))
            assert len(statuses) < 10, output.read_text()
    return statuses


def _in_no_order(left) -> dict:
    """Queues are served in a random order, so that of the failures is chance."""
    for queues in left["tasks"].values():
        for members in queues.values():
            members.sort()
    return left


def _settled(client) -> bool:
    # at one moment: what goes from one state to another in between would be in neither
    pipeline = client.pipeline(transaction=True)
    for state in STATES:
        pipeline.smembers(f"t:{state}")
    left = dict(zip(STATES, pipeline.execute(), strict=True))
    return not left["queued"] | left["active"] and left["scheduled"] == LATER


@contextlib.contextmanager
def worker(side, *program, output, **variables):
    """A running program of the engine; killed at the end with whatever it has forked."""
    with open(output, "ab") as log:
        process = side.start(*program, stdout=log, stderr=log, **variables)
    with killed_at_the_end(process):
        yield process


def stopped_in_a_task(side: Side, folder, signal_number):
    """Words of a task in whose middle the worker is asked to stop, exit status of the worker, what is still queued."""
    journal = folder / "journal"
    journal.touch()
    variables = {"SCENE_JOURNAL": str(journal), "SCENE_RELEASED": str(folder / "released")}
    with client_of(side) as client:
        client.flushall()
        assert side.run("tests.interop.app.visit", **variables).returncode == 0
        with worker(side, "tests.interop.app.launch", "tasktiger", output=folder / "output", **variables) as process:
            wait_until(lambda: "begin" in journal.read_text(), 20, f"see {folder}")
            os.kill(process.pid, signal_number)
            wait_until(lambda: "stop requested" in (folder / "output").read_text(), 20)
            (folder / "released").touch()
            status = process.wait(20)
        words = [word for word in journal.read_text().splitlines() if word in ("begin", "end")]
        return words, status, {queue: client.zcard(f"t:queued:{queue}") for queue in client.smembers("t:queued")}
