"""Enqueue and drain, ours beside TaskTiger 0.26.3: `bin/bench enqueue_drain [--tasks N] [--rounds N]`.

The two take turns on one Redis, emptied in between, so that a busy machine is equally busy for both.
"""

import itertools
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import redis

from queue_core.embedded import Server

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = {"signalbox": sys.executable, "tasktiger": str(ROOT / ".venv-tasktiger" / "bin" / "python")}


KINDS = ("once", "repeatable")
"""Tasks that must not be started twice, and such that may: ours waits for the start mark of the first kind alone."""


def one_round(server: Server, count: int) -> dict:
    """{(engine, kind): {"enqueue", "drain"}}, in tasks a second."""
    return {(engine, kind): _measured(engine, kind, server, count) for kind in KINDS for engine in PYTHONS}


def _measured(engine, kind, server, count):
    with redis.Redis(unix_socket_path=server.socket_path) as client:
        client.flushall()
    command = [PYTHONS[engine], "-m", "bench.one_engine", engine, server.url, str(count), kind]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise click.ClickException(f"measuring {engine} ended with status {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def middle(rounds: list, engine: str, kind: str, what: str) -> float:
    return statistics.median(measured[engine, kind][what] for measured in rounds)


@click.command()
@click.option("--tasks", default=5000, show_default=True, type=click.IntRange(2))
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1))
def main(tasks, rounds):
    """Print the middle of all rounds and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder).start()
        try:
            done = [one_round(server, tasks) for _ in range(rounds)]
        finally:
            server.stop()
    print(f"{tasks} tasks, {rounds} rounds, {server.title}, Python {platform.python_version()}, one process")
    print(f"{'tasks a second':<22}{'ours':>10}{'TaskTiger':>12}{'ratio':>8}")
    for kind, what in itertools.product(KINDS, ("enqueue", "drain")):
        ours, theirs = middle(done, "signalbox", kind, what), middle(done, "tasktiger", kind, what)
        print(f"{f'{what}, {kind}':<22}{ours:>10,.0f}{theirs:>12,.0f}{ours / theirs:>8.2f}")


if __name__ == "__main__":
    main()
