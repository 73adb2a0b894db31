"""What one process does for all queues."""

import json
import signal
import time

import pytest

from queue_core import Actor, Engine, Settings
from queue_core.payload import plain_id
from queue_core.sweeper import Duty, Sweeper
from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import MODULE, QUICK, executions, members, queue_task
from tests.waiting import wait_until

ANNA = Actor("anna", "command line")


@pytest.fixture
def engine(redis_url):
    engine = Engine(redis_url, Settings(**QUICK), allow_modules=[MODULE])
    yield engine
    engine.close()


@pytest.fixture
def with_a_worker(engine):
    """A worker of ours has shown itself, so that a sweeper acts."""
    engine.workers.register("worker-1", {"kind": "worker"})


def sweep(sweeper):
    """Every duty once, to its end."""
    while sweeper.step():
        pass


def schedule(raw, due_at, queue="orders"):
    task_id = plain_id()
    raw.set(f"t:task:{task_id}", json.dumps({"id": task_id, "func": f"{MODULE}:nothing"}))
    raw.zadd(f"t:scheduled:{queue}", {task_id: due_at})
    raw.sadd("t:scheduled", queue)
    return task_id


def leave_active(raw, queue="orders", age_seconds=100.0, **fields):
    """A task whose worker was lost; a stock worker, since it left no claim."""
    task_id = queue_task(raw, functions.nothing, queue=queue, **fields)
    raw.zrem(f"t:queued:{queue}", task_id)
    raw.srem("t:queued", queue)
    raw.zadd(f"t:active:{queue}", {task_id: time.time() - age_seconds})
    raw.sadd("t:active", queue)
    return task_id


def test_due_tasks_of_all_queues_become_runnable(raw, engine, with_a_worker):
    due = [schedule(raw, time.time() - 1, queue) for queue in ("orders", "mail.eu")]
    later = schedule(raw, time.time() + 60)
    sweep(Sweeper(engine))
    assert members(raw, "queued") + members(raw, "queued", "mail.eu") == due
    assert members(raw, "scheduled") == [later]


def test_more_due_tasks_than_fit_one_step_are_all_promoted(raw, redis_url, with_a_worker):
    for _ in range(25):
        schedule(raw, time.time() - 1)
    engine = Engine(redis_url, Settings(**QUICK, promote_batch=10))
    sweep(Sweeper(engine))
    assert len(members(raw, "queued")) == 25


def test_any_number_of_lost_tasks_is_recovered_at_once(raw, redis_url, with_a_worker):
    lost = [leave_active(raw, "orders") for _ in range(25)] + [leave_active(raw, "mail") for _ in range(25)]
    engine = Engine(redis_url, Settings(**QUICK, recover_batch=10))
    sweep(Sweeper(engine))
    assert sorted(members(raw, "error") + members(raw, "error", "mail")) == sorted(lost)
    assert executions(raw, lost[0])[0]["x"]["reason"] == "worker_lost"


def test_a_task_whose_lease_is_not_over_is_left_alone(raw, engine, with_a_worker):
    task_id = leave_active(raw, age_seconds=0)
    sweep(Sweeper(engine))
    assert members(raw, "active") == [task_id]


def test_an_unreadable_lost_task_does_not_keep_the_others(raw, engine, with_a_worker):
    bad, good = leave_active(raw), leave_active(raw, age_seconds=50)
    raw.set(f"t:task:{bad}", b"\xff{")
    sweep(Sweeper(engine))
    assert sorted(members(raw, "error")) == sorted([bad, good])


def test_stock_workers_are_kept_from_scanning_while_it_lives(raw, engine, with_a_worker):
    sweeper = Sweeper(engine)
    sweep(sweeper)
    assert 0 < raw.pttl("t:lockv2:queue_expired_tasks") <= 30_000
    assert raw.exists(engine.store.keys.promotion_throttle(_everything()))
    sweeper.leave()
    assert not raw.keys("t:lockv2:*") and not raw.exists("t:x:lease:sweeper")


def test_a_throttle_that_a_stock_worker_holds_is_left_to_it(raw, engine, with_a_worker):
    raw.set("t:lockv2:queue_expired_tasks", "a stock worker", px=30_000)
    sweeper = Sweeper(engine)
    sweep(sweeper)
    sweeper.leave()
    assert raw.get("t:lockv2:queue_expired_tasks") == b"a stock worker"


def test_counts_are_taken(engine, raw, with_a_worker):
    queue_task(raw, functions.nothing)
    sweep(Sweeper(engine))
    assert engine.snapshot.read().queues["orders"].queued == 1


def test_operations_are_carried_on(raw, engine, with_a_worker):
    for _ in range(3):
        leave_active(raw)
    sweep(Sweeper(engine))
    operation = engine.operations.start("retry", "orders", "error", actor=ANNA)
    sweeper = Sweeper(engine, observe=True)
    wait_until(lambda: sweeper.step() or engine.operations.get(operation.id).ended)
    assert len(members(raw, "queued")) == 3


def test_a_pause_that_has_ended_is_lifted(raw, engine, with_a_worker):
    engine.control.pause("orders", actor=ANNA, reason="deploy", until=engine.clock.now() + 0.2)
    sweeper = Sweeper(engine)
    wait_until(lambda: sweeper.step() or not engine.control.pauses())


# -- who sweeps --


def test_only_one_of_two_has_the_duty(engine, with_a_worker):
    first, second = Sweeper(engine), Sweeper(engine)
    sweep(first)
    sweep(second)
    assert engine.workers.holder("sweeper") == first.id


def test_the_other_takes_over_when_the_first_leaves(engine, with_a_worker):
    first, second = Sweeper(engine), Sweeper(engine)
    sweep(first)
    first.leave()
    sweep(second)
    assert engine.workers.holder("sweeper") == second.id


def test_on_somebody_elses_deployment_it_only_looks(raw, engine):
    due, lost = schedule(raw, time.time() - 1), leave_active(raw)
    sweep(Sweeper(engine))
    assert members(raw, "scheduled") == [due] and members(raw, "active") == [lost]
    assert not raw.keys("t:lockv2:*")
    assert engine.snapshot.read() is not None


def test_an_observer_only_looks_although_there_are_workers(raw, engine, with_a_worker):
    due = schedule(raw, time.time() - 1)
    sweep(Sweeper(engine, observe=True))
    assert members(raw, "scheduled") == [due]
    assert engine.workers.holder("observer") and not engine.workers.holder("sweeper")


def test_what_is_old_goes_by_a_sweeper_only(raw, redis_url, with_a_worker):
    engine = Engine(redis_url, Settings(**QUICK, retain_error_seconds=60.0, repair_orphans=True))
    raw.zadd("t:error:orders", {"old": 1.0})
    raw.sadd("t:error", "orders")
    raw.zadd("t:x:twins", {"gone": 1.0})
    sweep(Sweeper(engine, observe=True))
    assert members(raw, "error") == ["old"] and raw.exists("t:x:twins")
    sweep(Sweeper(engine))
    assert not members(raw, "error") and not raw.exists("t:x:twins")
    engine.close()


def test_an_observer_rests_while_there_is_a_sweeper(engine, with_a_worker):
    sweep(Sweeper(engine))
    sweep(Sweeper(engine, observe=True))
    assert engine.workers.holder("observer") is None


def test_a_worker_on_standby_leaves_the_duty_to_a_sweeper(engine):
    standby = Sweeper(engine, standby=True)
    sweep(standby)
    assert engine.workers.holder("sweeper") == standby.id
    engine.workers.register("sweeper-1", {"kind": "sweeper"})
    wait_until(lambda: standby.step() or engine.workers.holder("sweeper") is None)


# -- faults --


def test_the_fault_of_one_duty_does_not_stop_the_others(raw, engine, with_a_worker):
    due = schedule(raw, time.time() - 1)
    raw.set("t:active", "not a set")
    sweep(Sweeper(engine))
    assert members(raw, "queued") == [due]


@pytest.mark.parametrize("standby", [True, False])
@pytest.mark.parametrize("key", ["workers", "lease:sweeper", "recoveries", "paused", "twins", "operations:running"])
def test_a_broken_key_of_our_own_keeps_no_task_from_being_recovered(raw, engine, key, standby):
    raw.hset("t:x:claims:orders", "another", "1 1 0 0 worker-1")
    lost, due = leave_active(raw), schedule(raw, 1, queue="customers")
    raw.delete(f"t:x:{key}")
    raw.xadd(f"t:x:{key}", {"foreign": 1})
    sweep(Sweeper(engine, standby=standby))
    assert members(raw, "error") == [lost] and members(raw, "queued", "customers") == [due]


def test_an_observer_outlives_a_broken_lease(raw, engine):
    raw.hset("t:x:lease:sweeper", "foreign", 1)
    sweep(Sweeper(engine, observe=True))
    assert raw.exists("t:x:snapshot")


def test_a_key_of_a_wrong_type_does_not_end_it(raw, redis_url):
    raw.set("t:active", "not a set")
    with seeds.worker_process(redis_url, kind="sweeper") as process:
        wait_until(lambda: raw.exists("t:x:lease:sweeper"))
        wait_until(lambda: not raw.exists("t:x:lease:sweeper") or raw.pttl("t:x:lease:sweeper") < 1500)
        raw.delete("t:active")
        wait_until(lambda: raw.exists("t:x:snapshot"))
        assert process.poll() is None


@pytest.mark.parametrize("state", ["scheduled", "active"])
def test_a_queue_of_a_wrong_type_keeps_no_duty_from_the_queues_behind_it(raw, engine, with_a_worker, state):
    raw.set(f"t:{state}:broken", "text")
    raw.sadd(f"t:{state}", "broken")
    put = schedule if state == "scheduled" else leave_active
    for number in range(20):
        put(raw, queue=f"customer-{number}", **({"due_at": 1} if state == "scheduled" else {}))
    sweep(Sweeper(engine))
    assert raw.smembers(f"t:{state}") == {b"broken"}


def test_an_operation_on_a_queue_of_a_wrong_type_keeps_up_no_other(raw, engine, with_a_worker):
    for queue in ("broken", "orders"):
        task_id = queue_task(raw, functions.nothing, queue=queue)
        raw.zrem(f"t:queued:{queue}", task_id)
        raw.zadd(f"t:error:{queue}", {task_id: 1})
        engine.operations.start("retry", queue, "error", actor=ANNA)
    raw.set("t:error:broken", "text")
    sweep(Sweeper(engine))
    assert [one.queue for one in engine.operations.running()] == ["broken"]


def test_a_duty_is_done_in_pieces_and_again_when_it_is_due():
    done = []
    duty = Duty("count", 3600, lambda: map(done.append, range(3)))
    while duty.step():
        pass
    assert done == [0, 1, 2] and not duty.step()


def test_it_runs_until_it_is_asked_to_stop(raw, redis_url):
    with seeds.worker_process(redis_url, kind="sweeper") as process:
        wait_until(lambda: raw.exists("t:x:lease:sweeper"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert not raw.exists("t:x:lease:sweeper")


def test_it_comes_back_after_a_restart_of_redis(own_server):
    import redis

    with seeds.worker_process(own_server.url, kind="sweeper") as process, redis.Redis.from_url(own_server.url) as raw:
        wait_until(lambda: raw.exists("t:x:lease:sweeper"))
        own_server.kill()
        own_server.start()
        raw.delete("t:x:lease:sweeper")
        wait_until(lambda: raw.exists("t:x:lease:sweeper"))
        assert process.poll() is None


def _everything():
    from queue_core.queue_filter import QueueFilter

    return QueueFilter()


@pytest.mark.parametrize("observe", [False, True])
def test_errors_are_indexed_by_whoever_looks(raw, engine, observe):
    raw.zadd("t:error:orders", {"a": 100.0})
    raw.sadd("t:error", "orders")
    raw.set("t:task:a", '{"id": "a", "func": "app:work"}')
    sweeper = Sweeper(engine, observe=observe)
    wait_until(lambda: sweeper.step() or engine.error_groups.summary())
    wait_until(lambda: sweeper.step() or (engine.error_groups.summary() and engine.error_groups.summary().groups), 10)
    assert raw.zrange("t:error:orders", 0, -1) == [b"a"]
