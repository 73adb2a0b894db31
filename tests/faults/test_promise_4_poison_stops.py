"""Poison stops: what takes down its workers is put aside after three of them, whatever its retry settings."""

import signal

import pytest

from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import executions, lines, members, queue_task
from tests.waiting import wait_until

FOR_EVER = {"retry_on": ["builtins:BaseException"], "retry_method": ["tasktiger.retry:_fixed", [0, 1000]]}


@pytest.mark.parametrize("executor", ["sync", "fork"])
def test_a_task_that_kills_its_worker_every_time_runs_three_times_and_the_others_go_on(
    raw, redis_url, executor, tmp_path
):
    log = str(tmp_path / "log")
    poison = queue_task(raw, functions.take_down_the_worker, log, score=1, **FOR_EVER)
    good = [queue_task(raw, functions.note, log, "good", score=number + 2) for number in range(3)]
    with seeds.worker_process(redis_url, kind="sweeper"):
        for _ in range(3):
            with seeds.worker_process(redis_url, executor) as process:
                assert process.wait(20) == -signal.SIGKILL
        wait_until(lambda: members(raw, "error") == [poison], 15)
        with seeds.worker_process(redis_url, executor) as process:
            wait_until(lambda: not raw.exists("t:queued", "t:active"), 15)
            assert process.poll() is None
    assert sorted(lines(log)) == ["good"] * len(good) + ["poison"] * 3
    assert executions(raw, poison)[0]["x"]["reason"] == "quarantined"
    assert "taken down its worker 3 times" in executions(raw, poison)[0]["traceback"]
