"""TaskTiger's command line on both engines: options, usage errors, what a worker prints, how it ends."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from queue_core import end_with_parent
from tests.interop.both import day
from tests.interop.both.departures import without_our_own
from tests.interop.both.engines import ENGINES, PASSWORD
from tests.interop.tiger import ROOT
from tests.waiting import wait_until

APP = "tests.interop.app.orders"
DB = 1
"""A database of its own: the command is to find the shop's by -n."""

each_engine = pytest.mark.parametrize("engine", ENGINES)


@pytest.fixture
def shop(sides, engine, tmp_path):
    """That engine, empty, with a journal for its tasks."""
    return Shop(sides[engine], tmp_path)


class Shop:
    def __init__(self, side, folder):
        self.side, self.folder = side, folder
        self.journal_path = folder / "journal"
        self.output_path = folder / "output"
        self.client = day.client_of(side)
        self.client.flushall()
        self.variables = {"SCENE_JOURNAL": str(self.journal_path)}

    @property
    def address(self) -> list:
        return ["-h", "127.0.0.1", "-p", self.side.server.port, "-a", PASSWORD]

    def command(self, *options):
        """TaskTiger's command, to its end."""
        return self.side.run("--command", *options, **self.variables)

    def working(self, *options):
        """A context with a running worker of that command."""
        return day.worker(self.side, "--command", *self.address, *options, output=self.output_path, **self.variables)

    def put(self, *numbers, db=0):
        """So many orders in queues of customers."""
        with day.client_of(self.side, db) as client:
            for number in numbers:
                task_id = f"{number:064x}"
                payload = {"id": task_id, "func": f"{APP}:receive", "args": [number]}
                client.set(f"t:task:{task_id}", json.dumps(payload))
                client.zadd(f"t:queued:customer.{number}", {task_id: number})
                client.sadd("t:queued", f"customer.{number}")

    @property
    def journal(self) -> list:
        lines = self.journal_path.read_text().splitlines() if self.journal_path.exists() else []
        return sorted(line for line in lines if line.startswith("received"))

    @property
    def events(self) -> list:
        lines = [json.loads(line) for line in self.output_path.read_text().splitlines() if line.startswith("{")]
        return without_our_own([[line["level"], line["event"], line] for line in lines])

    def wait_for(self, *lines):
        wait_until(lambda: self.journal == list(lines), 20, f"see {self.folder}")


@pytest.fixture
def both_helps(sides):
    def options(side):
        printed = side.run("--command", "--help")
        assert printed.returncode == 0
        return sorted(set(re.findall(r"(?<!\w)--?[a-zA-Z][\w-]*", printed.stdout)))

    return [options(sides[name]) for name in ENGINES]


def test_both_offer_the_same_options(both_helps):
    theirs, ours = both_helps
    assert ours == theirs


@each_engine
@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--no-such-option"], 2),
        (["-M", "many"], 2),
        (["--exit-after", "soon"], 2),
        (["--executor", "thread"], 1),
        (["an argument"], 2),
        (["-q"], 2),
    ],
)
def test_wrong_usage_ends_with_its_status(shop, options, status):
    done = shop.command(*options)
    assert done.returncode == status
    assert "Error" in done.stderr


@each_engine
def test_a_module_that_is_not_there_ends_the_command(shop):
    done = shop.command(*shop.address, "-m", "no.such.module")
    assert done.returncode == 1
    assert "no.such.module" in done.stderr + done.stdout or "No module named 'no'" in done.stderr + done.stdout


@each_engine
def test_a_worker_of_the_command_serves_its_database_and_queues(shop):
    shop.put(1, 2, 3, 4, db=DB)
    with shop.working("-n", DB, "-m", APP, "-q", "customer", "-e", "customer.2,customer.3") as process:
        shop.wait_for("received 1", "received 4")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)
    assert shop.journal == ["received 1", "received 4"]


@each_engine
def test_names_in_a_comma_list_are_taken_as_they_are(shop):
    shop.put(1, 2)
    with shop.working("-m", APP, "-q", "customer.1, customer.2"):
        shop.wait_for("received 1")


@each_engine
@pytest.mark.parametrize("executor", ["fork", "sync"])
def test_a_worker_of_the_command_writes_json_lines(shop, executor):
    shop.put(7)
    with shop.working("-m", APP, "--executor", executor):
        shop.wait_for("received 7")
        wait_until(lambda: "done" in [event for _, event, _ in shop.events], 20)
    told = {event: (level, line) for level, event, line in shop.events}
    levels = {event: told[event][0] for event in ("imported module", "ready", "processing", "done")}
    assert levels == {"imported module": "debug", "ready": "info", "processing": "info", "done": "info"}
    assert told["ready"][1]["executor"] == {"fork": "ForkExecutor", "sync": "SyncExecutor"}[executor]
    assert told["processing"][1]["params"] == {"args": [7], "kwargs": {}}
    assert ("child_pid" in told["processing"][1]) == (executor == "fork")
    assert {told[event][1]["task_id"] for event in ("processing", "done")} == {f"{7:064x}"}
    assert all(line["timestamp"].endswith("Z") for _, _, line in shop.events)
    assert told["done"][1]["queue"] == "customer.7" and told["done"][1]["processing_duration"] > 0


@each_engine
def test_a_worker_of_the_command_stores_no_tracebacks_if_told_so(shop):
    shop.put(1)
    task_id = f"{1:064x}"
    shop.client.set(f"t:task:{task_id}", json.dumps({"id": task_id, "func": f"{APP}:count", "args": ["beads"]}))
    with shop.working("-m", APP, "--no-store-tracebacks"):
        wait_until(lambda: shop.client.exists("t:error:customer.1"), 20)
    (execution,) = shop.client.lrange(f"t:task:{task_id}:executions", 0, -1)
    assert "traceback" not in json.loads(execution)


@each_engine
def test_a_worker_with_a_limit_leaves_a_locked_queue_alone(shop):
    shop.put(1, 2)
    shop.client.zadd("t:qslock:customer.1", {"SYSTEM_LOCK": 10**10})
    with shop.working("-m", APP, "-M", "1"):
        shop.wait_for("received 2")
    assert shop.client.zcard("t:queued:customer.1") == 1


@each_engine
def test_a_database_that_is_not_there_ends_the_command(shop):
    assert shop.command(*shop.address, "-n", "99").returncode == 1


def test_a_worker_of_ours_waits_for_its_redis_where_tasktiger_leaves(sides, tmp_path):
    """D19."""
    nowhere = ["-h", "127.0.0.1", "-p", "1"]
    assert sides["tasktiger"].run("--command", *nowhere).returncode == 1
    output = tmp_path / "output"
    with day.worker(sides["compat"], "--command", *nowhere, output=output) as process:
        wait_until(lambda: "store is away" in output.read_text(), 20)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@each_engine
def test_the_plain_command_runs_what_it_was_not_told_of(shop):
    shop.put(1)
    with shop.working():
        shop.wait_for("received 1")


def test_the_command_signalbox_runs_the_shop(sides, tmp_path):
    shop = Shop(sides["compat"], tmp_path)
    shop.put(1, 2)
    program = [sys.executable, "-m", "queue_core.cli", "worker", "--compat", "tasktiger", "-m", APP]
    with open(shop.output_path, "wb") as output:
        process = subprocess.Popen(
            [*program, "--redis-url", shop.side.server.tcp_url],
            cwd=ROOT, env=shop.side.environment | shop.variables,
            stdout=output, stderr=output, preexec_fn=end_with_parent,
        )  # fmt: skip
    try:
        shop.wait_for("received 1", "received 2")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def test_a_launch_script_runs_unchanged_in_a_python_of_ours(sides, tmp_path):
    shop = Shop(sides["compat"], tmp_path)
    shop.put(1, 2)
    script = os.path.join(ROOT, "tests/interop/app/launch.py")
    with open(shop.output_path, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "queue_core.compat.tasktiger", script, "tasktiger", "-q", "customer.2"],
            cwd=ROOT, env=shop.side.environment | shop.variables,
            stdout=output, stderr=output, preexec_fn=end_with_parent,
        )  # fmt: skip
    try:
        shop.wait_for("received 2")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    assert shop.client.zcard("t:queued:customer.1") == 1
