"""Not idempotent: at most one start.  Idempotent: one or more.  Claimed and never started: back, untouched."""

import pytest

from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import executions, lines, members, queue_task
from tests.waiting import wait_until

CLAIMED = 100
REPEATABLE = {"retry_on": ["builtins:BaseException"], "retry_method": ["tasktiger.retry:_fixed", [0, 9]]}


@pytest.mark.parametrize("repeatable", [False, True])
def test_of_a_hundred_claimed_tasks_the_one_that_began_counts_and_the_others_go_back_in_order(
    raw, redis_url, repeatable, tmp_path
):
    log, fields = str(tmp_path / "log"), REPEATABLE if repeatable else {}
    ids = [f"{number:064d}" for number in range(CLAIMED)]
    with seeds.worker_process(redis_url, "sync", claim_batch=CLAIMED, claim_batch_seconds=5.0) as process:
        for _ in range(3):
            queue_task(raw, functions.note_or_die, log, "warm")
        wait_until(lambda: len(lines(log)) == 3, why="measured")
        wait_until(lambda: not raw.exists("t:active"))
        with raw.pipeline(transaction=True) as together:
            for number, task_id in enumerate(ids):
                text = "ran" if number else "die"
                queue_task(together, functions.note_or_die, log, text, score=number + 1, task_id=task_id, **fields)
            together.execute()
        assert process.wait(15) == -9
    assert members(raw, "active") == ids
    with seeds.worker_process(redis_url, kind="sweeper"):
        wait_until(lambda: not members(raw, "active"), 15)
    queued = raw.zrange("t:queued:orders", 0, -1, withscores=True)
    in_order = [(task_id.encode(), number + 1.0) for number, task_id in enumerate(ids)]
    assert lines(log) == ["warm"] * 3
    if repeatable:
        assert queued == in_order and raw.hgetall("t:x:recoveries") == {ids[0].encode(): b"1"}
    else:
        assert queued == in_order[1:] and members(raw, "error") == ids[:1]
        assert executions(raw, ids[0])[0]["x"]["reason"] == "worker_lost"
