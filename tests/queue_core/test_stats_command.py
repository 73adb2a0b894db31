import json
import re

import pytest
from click.testing import CliRunner

from queue_core.cli import main
from queue_core.snapshot import QueueCounts, Snapshot
from queue_core.tally import Tally
from tests.builders import HOSTILE_QUEUE


@pytest.fixture
def run(redis_url, monkeypatch):
    monkeypatch.setenv("REDIS_URL", redis_url)
    return lambda *arguments: CliRunner().invoke(main, ("stats", *arguments))


@pytest.fixture
def three_runs(engine):
    """Of a hostile queue, now; and a look at it."""
    tally, now = Tally(), engine.store.now()
    for ending in ("succeeded", "succeeded", "failed"):
        tally.start(HOSTILE_QUEUE, "app:work", now)
        tally.end(HOSTILE_QUEUE, "app:work", now, ending)
        tally.time(HOSTILE_QUEUE, "app:work", now, wait_seconds=4.0, run_seconds=0.02)
    engine.stats.write(tally)
    engine.stats.sample(Snapshot(now, {HOSTILE_QUEUE: QueueCounts(queued=9, error=1)}), 1)


@pytest.mark.usefixtures("three_runs")
@pytest.mark.parametrize("span", ["1h", "24h", "7d", "90d"])
@pytest.mark.parametrize("of", [(), (HOSTILE_QUEUE,), ("--function", "app:work")], ids=["all", "queue", "function"])
def test_runs_times_and_depths_stand_in_the_line_of_now(run, of, span):
    head, *rows = [re.split(r"  +", line.strip()) for line in run(*of, "--range", span).output.splitlines()[1:-1]]
    now = dict(zip(head, rows[-1], strict=True))
    assert [now[name] for name in ("started", "succeeded", "retried", "failed")] == ["3", "2", "0", "1"]
    assert [now["queued"], now["error"]] == (["?", "?"] if "--function" in of else ["9", "1"])


def test_of_what_nobody_counted_it_says_that_it_is_unknown(run):
    output = run().output
    assert "unknown" in output and " 0" not in output.replace("00", "").splitlines()[-1]


@pytest.mark.usefixtures("three_runs")
def test_json_holds_every_step_with_its_quantiles(run):
    found = json.loads(run("--json", "--range", "1h").output)
    assert len(found["slots"]) == 61 and found["slots"][-1]["seconds"] == 60
    counts = [slot["counts"] for slot in found["slots"] if slot["counts"]]
    assert counts == [{"started": 3, "succeeded": 2, "failed": 1}]
    assert max(slot["wait_seconds"]["p95"] or 0 for slot in found["times"]) == pytest.approx(4.0, rel=0.26)


def test_a_queue_and_a_function_at_once_are_refused(run):
    assert run("orders", "--function", "app:work").exit_code == 2
