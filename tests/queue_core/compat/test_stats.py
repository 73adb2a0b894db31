import pytest
import structlog.testing

from queue_core import Engine, Worker
from queue_core.compat.tasktiger.stats import StatsThread
from tests.waiting import wait_until


@pytest.fixture
def worker(redis_url):
    return Worker(Engine(redis_url, {"STATS_INTERVAL": 0.01}, strict=False))


def test_it_measures_how_busy_a_worker_is(worker):
    thread = StatsThread(worker)
    with structlog.testing.capture_logs() as lines:
        thread.compute_stats()
        thread.report_task_start()
        thread.compute_stats()
        thread.report_task_end()
        thread.compute_stats()
    assert [line["event"] for line in lines] == ["stats"] * 3
    idle, busy, _ = lines
    assert (idle["time_busy"], idle["utilization"]) == (0, 0)
    assert 0 < busy["time_busy"] <= busy["time_total"] and 0 < busy["utilization"] <= 100


def test_it_writes_until_it_is_stopped(worker):
    with structlog.testing.capture_logs() as lines:
        thread = StatsThread(worker)
        thread.start()
        wait_until(lambda: len(lines) > 2)
        thread.stop()
        thread.join(5)
    assert not thread.is_alive() and thread.daemon
