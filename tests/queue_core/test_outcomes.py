"""What became of the tasks that an operation retried, with real workers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_core import Engine, Settings, Worker
from queue_core.errors import InvalidRequest, StoreCorrupt
from queue_core.sweeper import Sweeper
from tests.builders import ANNA, HOSTILE_ID, HOSTILE_QUEUE
from tests.checker import assert_sound
from tests.queue_core import failures
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import MODULE, QUICK, queue_task, worker_process
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def engine(redis_url):
    engine = Engine(redis_url, Settings(**QUICK | {"redis_timeout_seconds": 10.0}), allow_modules=[MODULE])
    yield engine
    engine.close()


@pytest.fixture
def told(tmp_path):
    """Call it with how each task ends from now on."""
    path = tmp_path / "told"

    def tell(*words):
        path.write_text(json.dumps(words))
        return str(path)

    return tell


@pytest.fixture(params=["fork", "sync"])
def work(request, engine):
    """Runs all that is queued, on a worker of ours in this process."""
    return lambda: Worker(engine, executor=request.param).run(once=True)


def failed(raw, work, told, *words):
    """Tasks in error; their ids."""
    path = told(*words)
    ids = [queue_task(raw, functions.do_as_told, path, number) for number in range(len(words))]
    work()
    assert raw.zcard("t:error:orders") == len(words)
    return ids


def retry_all(engine, queue="orders", **more):
    operation = engine.operations.start("retry", queue, "error", actor=ANNA, **more)
    while not operation.ended:
        operation = engine.operations.step(operation.id)
    return operation


def look(engine):
    for operation, tasks in engine.operations.followed():
        engine.operations.settle(operation, tasks)


def outcomes(engine, operation):
    """Those that are not 0; the sum is always exact."""
    found = engine.operations.get(operation.id)
    now = found.outcomes
    assert now.followed == found.done == now.succeeded + now.failed + now.gone + now.moved_on + now.waiting
    names = ("succeeded", "failed_same", "failed_other", "failed_unknown", "gone", "moved_on", "waiting")
    return {name: getattr(now, name) for name in names if getattr(now, name)}


def test_what_succeeds_and_what_fails_with_which_error_is_told_apart(raw, engine, work, told):
    failed(raw, work, told, *["ValueError"] * 6)
    operation = retry_all(engine)
    assert outcomes(engine, operation) == {"waiting": 6}
    told("well", "well", "well", "ValueError", "KeyError", "KeyError")
    work()
    assert outcomes(engine, operation)["succeeded"] == 3, "a success is counted as it happens"
    look(engine)
    assert outcomes(engine, operation) == {"succeeded": 3, "failed_same": 1, "failed_other": 2}
    assert engine.operations.get(operation.id).outcomes.errors == (("KeyError", 2),)
    look(engine)
    assert outcomes(engine, operation) == {"succeeded": 3, "failed_same": 1, "failed_other": 2}
    assert not raw.exists("t:x:followed")
    assert_sound(raw)


def test_what_is_retried_by_itself_meanwhile_still_waits_and_is_compared_with_the_first_error(raw, engine, work, told):
    path = told("ValueError")
    task_id = queue_task(raw, functions.do_as_told, path, 0, retry_method=["tasktiger.retry:fixed", [0, 1]])
    work()
    wait_until(lambda: (work(), engine.leases.promote("orders"), raw.zcard("t:error:orders"))[-1], 30)
    engine.control.retry("orders", task_id, actor=ANNA, fresh_budget=True)
    wait_until(lambda: (work(), engine.leases.promote("orders"), raw.zcard("t:error:orders"))[-1], 30)
    raw.set(f"t:task:{task_id}:executions_count", 0)
    operation = retry_all(engine)
    told("KeyError")
    work()
    look(engine)
    if raw.zcard("t:scheduled:orders"):
        assert outcomes(engine, operation) == {"waiting": 1}
    wait_until(lambda: (work(), engine.leases.promote("orders"), raw.zcard("t:error:orders"))[-1], 30)
    look(engine)
    assert outcomes(engine, operation) == {"failed_other": 1}


def test_a_task_whose_worker_is_killed_has_failed_again(raw, engine, redis_url, tmp_path):
    ids = [queue_task(raw, functions.wait_for_file, str(tmp_path / "never"), task_id="a")]
    raw.zrem("t:queued:orders", *ids)
    raw.srem("t:queued", "orders")
    raw.zadd("t:error:orders", {"a": 5.0})
    raw.sadd("t:error", "orders")
    raw.rpush("t:task:a:executions", failures.execution(at=5.0))
    operation = retry_all(engine)
    with worker_process(redis_url) as process:
        wait_until(lambda: _has_started(raw), 30)
        process.kill()
        process.wait()
    assert outcomes(engine, operation) == {"waiting": 1}
    wait_until(lambda: engine.leases.recover_expired("orders"), 30)
    look(engine)
    assert outcomes(engine, operation) == {"failed_other": 1}
    raw.delete("t:x:claims:orders")


def _has_started(raw):
    claim = (raw.hget("t:x:claims:orders", "a") or b"").split()
    return len(claim) > 2 and float(claim[2]) > 0


def test_what_nobody_of_ours_saw_finish_is_gone_and_not_a_success(world, engine):
    failures.fail(world, "a")
    operation = retry_all(engine)
    world.raw.delete("t:queued:orders", "t:queued", "t:task:a", "t:task:a:executions")
    look(engine)
    assert outcomes(engine, operation) == {"gone": 1}
    assert_sound(world.raw)


@pytest.mark.parametrize(
    ("act", "found"),
    [
        (lambda control: control.delete("orders", "queued", "a", actor=ANNA), {"moved_on": 1}),
        (lambda control: control.cancel("orders", "queued", "a", actor=ANNA), {"moved_on": 1}),
        (lambda control: control.purge("orders", "queued", actor=ANNA), {"moved_on": 1}),
        (lambda control: control.move("orders", "queued", "a", to_queue="mail", actor=ANNA), {"moved_on": 1}),
    ],
    ids=["delete", "cancel", "purge", "move"],
)
def test_what_a_person_takes_away_before_it_ran_has_moved_on(world, engine, act, found):
    failures.fail(world, "a")
    operation = retry_all(engine)
    act(engine.control)
    assert outcomes(engine, operation) == found
    look(engine)
    assert outcomes(engine, operation) == found
    assert_sound(world.raw)


@pytest.mark.parametrize(
    "act",
    [
        lambda control: control.retry("orders", "a", actor=ANNA),
        lambda control: control.delete("orders", "error", "a", actor=ANNA),
        lambda control: control.purge("orders", "error", actor=ANNA),
        lambda control: control.move("orders", "error", "a", to_queue="mail", actor=ANNA),
        lambda control: control.reschedule("orders", "error", "a", due_at=9e9, actor=ANNA),
    ],
    ids=["retry", "delete", "purge", "move", "reschedule"],
)
def test_what_failed_again_and_was_acted_on_before_anybody_read_why_has_failed(world, engine, act):
    failures.fail(world, "a")
    operation = retry_all(engine)
    world.raw.delete("t:queued:orders", "t:queued")
    world.put("error", score=7e9, func="app:work")
    act(engine.control)
    assert outcomes(engine, operation) == {"failed_unknown": 1}
    assert_sound(world.raw)


def test_without_an_earlier_record_there_is_nothing_to_compare_with(world, engine):
    world.put("error")
    operation = retry_all(engine)
    world.raw.delete("t:queued:orders", "t:queued")
    failures.fail(world, "a", at=7e9)
    look(engine)
    assert outcomes(engine, operation) == {"failed_unknown": 1}


def test_a_line_that_moved_in_the_source_is_the_same_error(world, engine):
    failures.fail(world, "a")
    operation = retry_all(engine)
    world.raw.delete("t:queued:orders", "t:queued")
    world.put("error", score=7e9)
    world.raw.rpush("t:task:a:executions", failures.execution(at=7e9, line=99, message="refused order 18"))
    look(engine)
    assert outcomes(engine, operation) == {"failed_same": 1}


def test_the_failed_part_is_retried_exactly(raw, engine, work, told):
    ids = failed(raw, work, told, *["ValueError"] * 4)
    operation = retry_all(engine)
    told("well", "ValueError", "KeyError", "ValueError")
    work()
    look(engine)
    engine.control.delete("orders", "error", ids[3], actor=ANNA)
    assert engine.operations.failed_part(operation.id) == sorted(
        ids[1:3], key=lambda one: raw.zscore("t:error:orders", one)
    )
    again = engine.operations.retry_failed(operation.id, actor=ANNA, reason="once more", canary=1)
    assert (again.matched, again.retries, again.canary) == (2, operation.id, 1)
    told("well", "well", "well", "well")
    again = engine.operations.step(again.id)
    assert again.done == 1 and again.waits_for_canary
    work()
    wait_until(lambda: engine.operations.step(again.id).ended, 30)
    work()
    assert outcomes(engine, again) == {"succeeded": 2}
    with pytest.raises(InvalidRequest):
        engine.operations.retry_failed(operation.id, actor=ANNA)
    assert_sound(raw)


def test_hostile_names_are_followed_byte_for_byte(world, engine):
    failures.fail(world, HOSTILE_ID, HOSTILE_QUEUE)
    operation = retry_all(engine, HOSTILE_QUEUE)
    look(engine)
    assert outcomes(engine, operation) == {"waiting": 1}
    (claimed,) = (session := engine.leases.session("w")).claim(HOSTILE_QUEUE)
    session.finish(claimed)
    assert not [one.error for one in session.drain() if one.error]
    session.close()
    assert outcomes(engine, operation) == {"succeeded": 1}


def test_beyond_what_is_followed_the_numbers_say_so(world, redis_url):
    engine = Engine(redis_url, Settings(max_followed=2))
    failures.fail_many(world, 5, kinds=1)
    operation = engine.operations.get(retry_all(engine, "q0").id)
    assert (operation.done, operation.outcomes.followed) == (5, 2)
    failures.fail_many(world, 5, kinds=1)
    operation = engine.operations.start("retry", "q0", "error", actor=ANNA, canary=3)
    assert engine.operations.step(operation.id).outcomes.followed == 3, "a canary is always followed"
    engine.close()


def test_what_belongs_to_a_record_that_is_gone_is_dropped(world, engine):
    failures.fail(world, "a")
    operation = retry_all(engine)
    world.raw.delete(f"t:x:operation:{operation.id}")
    look(engine)
    assert not world.raw.exists("t:x:followed")


@pytest.mark.parametrize("record", ["", "junk", b"\xff\xfe x", "op nan", "op inf"])
def test_whatever_lies_among_what_is_followed_keeps_the_others_from_nothing(world, engine, record):
    failures.fail(world, "a")
    operation = retry_all(engine)
    world.raw.hset("t:x:followed", mapping={"6:ordersb": record, "no member": "op 1.0", b"\xff": record})
    world.raw.delete("t:queued:orders", "t:queued", "t:task:a", "t:task:a:executions")
    look(engine)
    assert outcomes(engine, operation) == {"gone": 1}


def test_a_queue_that_cannot_be_read_keeps_the_sweeper_from_no_other(world, engine):
    for queue in ("bad", "orders"):
        failures.fail(world, f"in {queue}", queue)
    bad, good = retry_all(engine, "bad"), retry_all(engine)
    world.raw.delete("t:queued:bad", "t:queued:orders", "t:task:in orders", "t:task:in orders:executions")
    world.raw.set("t:queued:bad", "foreign")
    sweeper = Sweeper(engine, observe=True)
    wait_until(lambda: (sweeper.step(), outcomes(engine, good) == {"gone": 1})[1], 30)
    assert outcomes(engine, bad) == {"waiting": 1}
    with pytest.raises(StoreCorrupt):
        look(engine)


LOOK_FOR_EVER = """
import sys
from queue_core import Engine
engine = Engine(sys.argv[1])
while True:
    for operation, tasks in engine.operations.followed():
        for task in tasks:
            engine.operations.settle(operation, [task])
    print("looked", flush=True)
"""


def test_whoever_looks_may_be_killed_in_the_middle_and_another_goes_on(world, engine, redis_url):
    failures.fail_many(world, 600)
    operation = retry_all(engine, "q0")
    ids = [f"{number:064x}" for number in range(600)]
    world.raw.delete("t:queued:q0", "t:queued")
    for one in ids[:300]:
        world.raw.delete(f"t:task:{one}", f"t:task:{one}:executions")
    for one in ids[300:]:
        world.put("error", "q0", one, score=7e9)
        world.raw.rpush(f"t:task:{one}:executions", failures.execution("shop.errors.Late", at=7e9))
    process = subprocess.Popen([sys.executable, "-c", LOOK_FOR_EVER, redis_url], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: engine.operations.get(operation.id).outcomes.waiting < 500, 60)
    finally:
        process.kill()
        process.wait()
    outcomes(engine, operation)
    look(engine)
    assert outcomes(engine, operation) == {"gone": 300, "failed_other": 300}
    assert_sound(world.raw)


ENDINGS = st.sampled_from(["finish", "fail", "fail otherwise", "leave", "delete", "retry", "wait"])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(endings=st.lists(ENDINGS, max_size=12), looks=st.lists(st.integers(0, 12), max_size=4))
def test_the_sums_are_exact_whatever_becomes_of_them_in_whatever_order(world, engine, endings, looks):
    world.raw.flushall()
    ids = [str(number) for number in range(len(endings))]
    for one in ids:
        failures.fail(world, one)
    operation = retry_all(engine)
    session = engine.leases.session("w")
    for number, (one, ending) in enumerate(zip(ids, endings, strict=True)):
        _end(world, engine, session, one, ending)
        outcomes(engine, operation)
        if number in looks:
            look(engine)
            outcomes(engine, operation)
    look(engine)
    session.close()
    found = outcomes(engine, operation)
    assert found.get("succeeded", 0) == endings.count("finish")
    assert found.get("gone", 0) == endings.count("leave")
    assert found.get("moved_on", 0) == endings.count("delete")
    assert found.get("failed_other", 0) + found.get("failed_same", 0) == sum("fail" in one for one in endings)
    assert found.get("failed_unknown", 0) == endings.count("retry")
    assert found.get("waiting", 0) == endings.count("wait")


def _end(world, engine, session, task_id, ending):
    if ending == "wait":
        return
    if ending == "delete":
        engine.control.delete("orders", "queued", task_id, actor=ANNA, to_trash=False)
        return
    world.raw.zadd("t:queued:orders", {task_id: 0.5})  # it is the next
    (claimed,) = session.claim("orders")
    assert claimed.id == task_id
    if ending == "leave":  # a worker that knows nothing of us has finished it
        session.abandon(claimed)
        world.raw.zrem("t:active:orders", task_id)
        world.raw.delete(f"t:task:{task_id}", f"t:task:{task_id}:executions", f"t:task:{task_id}:executions_count")
    elif ending == "finish":
        session.finish(claimed)
    else:
        name = "shop.errors.Late" if ending == "fail otherwise" else "shop.errors.GatewayDown"
        session.give_up(claimed, failures.execution(name, at=engine.store.now()).encode())
    assert not [one.error for one in session.drain() if one.error]
    if ending == "retry":
        engine.control.retry("orders", task_id, actor=ANNA)
