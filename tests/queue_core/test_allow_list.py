"""The allow-list as people meet it: a worker's command, a log, and what docs/allow-list.md says about them."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from queue_core import Engine, Settings, end_with_parent
from tests.builders import World
from tests.interop import errands
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "allow-list.md").read_text()
MODULE = errands.__name__

pytestmark = pytest.mark.slow


@pytest.fixture
def engine(redis_url):
    with contextlib.closing(Engine(redis_url, Settings())) as engine:
        yield engine


@pytest.fixture
def worker(redis_url, tmp_path):
    """Call it for a context with a running worker; gives a function for the lines of its log that tell an event."""

    @contextlib.contextmanager
    def running(*options, **settings):
        told = {"log_format": "json", "poll_seconds": 0.1, "promote_seconds": 0.1} | settings
        variables = {f"SIGNALBOX_{name.upper()}": str(value) for name, value in told.items()}
        path = tmp_path / "worker.log"
        with open(path, "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "queue_core.cli", "worker", *options, "--redis-url", redis_url],
                cwd=ROOT, env=os.environ | variables, stdout=log, stderr=log, preexec_fn=end_with_parent,
            )  # fmt: skip
        try:
            yield lambda event: [line for line in _lines(path) if line.get("event") == event]
        finally:
            process.kill()
            process.wait()

    return running


def _lines(path):
    for line in path.read_text().splitlines():
        with contextlib.suppress(ValueError):
            yield json.loads(line)


@pytest.fixture
def evil_id(raw, engine, tmp_path):
    """A task that somebody has written into Redis by hand: it would make a folder."""
    World(raw, engine.store).put("queued", func="os:mkdir", args=[str(tmp_path / "evil")])
    return "a"


def test_a_worker_that_may_run_nothing_refuses_to_start(redis_url):
    command = [sys.executable, "-m", "queue_core.cli", "worker", "--redis-url", redis_url]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    sentence = "This worker may run no function: name its modules with -m, or say --allow-any."
    assert ended.returncode == 1 and sentence in ended.stderr and sentence in PAGE


def test_a_name_that_somebody_has_written_into_redis_is_not_run_and_goes_back(worker, engine, evil_id, tmp_path):
    with worker("-m", MODULE) as log:
        line = wait_until(lambda: log("name not allowed"), 60)[0]
        assert (line["level"], line["queue"], line["task_id"]) == ("warning", "orders", evil_id)
        assert line["func"] == "os:mkdir"
        engine.delay(errands.note, args=[str(tmp_path / "notes")], queue="orders")
        wait_until((tmp_path / "notes").exists, 60)
    detail = engine.browse.task("orders", evil_id)
    assert detail.state in ("scheduled", "queued") and detail.executions_count == 0
    assert not (tmp_path / "evil").exists()


def test_another_worker_takes_what_the_first_one_may_not_run(worker, engine, tmp_path):
    engine.delay(errands.note, args=[str(tmp_path / "notes")], queue="orders")
    with worker("-m", "tests.interop.tiger") as log:
        wait_until(lambda: log("name not allowed"), 60)
        with worker("-m", MODULE):
            wait_until((tmp_path / "notes").exists, 60)


def test_after_the_patience_the_task_goes_to_error_with_the_words_of_the_document(worker, engine, evil_id):
    with worker("-m", MODULE, name_patience_seconds=0.5):
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
    (execution,) = engine.browse.task("orders", evil_id).executions
    assert execution.reason == "name_not_allowed"
    assert "os:mkdir is not among the functions that this worker may run." in execution.traceback
    first, second = execution.traceback.strip().splitlines()[-2:]
    assert first.replace("mkdir", "system") in PAGE and second.replace("0.5", "600") in PAGE


@pytest.mark.parametrize("name", [f"{MODULE}:os.mkdir", "tests.interop.tiger:contextlib.suppress", "__main__:main"])
def test_the_list_has_no_way_out(worker, raw, engine, name, tmp_path):
    World(raw, engine.store).put("queued", func=name, args=[str(tmp_path / "evil")])
    with worker("-m", MODULE) as log:
        wait_until(lambda: log("name not allowed"), 60)
    assert not (tmp_path / "evil").exists()


def test_a_retry_method_that_is_not_on_the_list_means_no_retry(worker, raw, engine, tmp_path):
    method = ["os:mkdir", [str(tmp_path / "evil")]]
    World(raw, engine.store).put("queued", func=f"{MODULE}:fail", retry_method=method)
    with worker("-m", MODULE):
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
    (execution,) = engine.browse.task("orders", "a").executions
    assert execution.exception_name == "builtins:ValueError"
    assert "os:mkdir" in raw.lindex("t:task:a:executions", 0).decode()
    assert not (tmp_path / "evil").exists()


def test_a_runner_class_that_is_not_on_the_list_is_not_made(worker, raw, engine, tmp_path):
    notes = tmp_path / "notes"
    World(raw, engine.store).put("queued", func=f"{MODULE}:note", args=[str(notes)], runner_class="os:mkdir")
    with worker("-m", MODULE) as log:
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
        assert log("could not import runner class")[0]["runner_class_path"] == "os:mkdir"
    (execution,) = engine.browse.task("orders", "a").executions
    assert execution.exception_name == "tasktiger.exceptions:TaskImportError" and not notes.exists()


@pytest.mark.parametrize("switch", [("--allow-any",), ("--compat", "tasktiger")], ids=["--allow-any", "--compat"])
def test_with_the_switch_everything_runs_and_the_worker_says_so(worker, raw, evil_id, tmp_path, switch):
    with worker(*switch):
        wait_until((tmp_path / "evil").exists, 60)
        wait_until(lambda: not raw.keys("t:task:*"))
    sentence = "This worker runs any function that can be imported."
    assert sentence in (tmp_path / "worker.log").read_text() and sentence in PAGE
