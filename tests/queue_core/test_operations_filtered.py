"""Operations that act on what a query means."""

import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_core import Engine, Settings
from queue_core.errors import InvalidRequest, OperationEnded
from tests.builders import ANNA, HOSTILE_ID, HOSTILE_QUEUE
from tests.checker import assert_sound
from tests.queue_core import failures


@pytest.fixture
def operations(engine):
    return engine.operations


def start(operations, query, verb="retry", queue="orders", state="error", **more):
    return operations.start(verb, queue, state, actor=ANNA, query=query, **more)


def run(operations, operation):
    while not operation.ended:
        operation = operations.step(operation.id)
    return operation


def numbers(operation):
    return operation.matched, operation.done, operation.skipped, operation.passed_by, operation.remaining


def put(world, count, first_at=100.0):
    """Every third one is a ValueError; their ids."""
    ids = [f"{number:05}" for number in range(count)]
    for number, one in enumerate(ids):
        name = "builtins.ValueError" if number % 3 == 0 else "shop.errors.GatewayDown"
        failures.fail(world, one, at=first_at + number, name=name)
    return ids


def test_the_canary_is_of_the_queue_in_which_the_query_means_most(world, operations):
    put(world, 30)
    for number in range(15):
        failures.fail(world, f"m{number}", at=50.0 + number, queue="mail", name="builtins.ValueError")
    chosen = dict.fromkeys(("orders", "mail"))
    lead, other = operations.start_together("retry", "error", chosen, actor=ANNA, canary=3, query="exc:ValueError")
    assert (lead.queue, lead.canary, other.queue, other.follows_canary) == ("mail", 3, "orders", True)
    lead, other = operations.start_together("retry", "error", chosen, actor=ANNA, canary=3)
    assert (lead.queue, other.queue) == ("orders", "mail")


def test_where_a_canary_tells_most_is_judged_without_what_is_hidden(world, operations):
    for number in range(9):
        failures.fail(world, f"o{number}", at=50.0 + number, kwargs={"code": "x9"})
    for number in range(3):
        failures.fail(world, f"m{number}", at=50.0 + number, queue="mail", kwargs={"tag": "x9"})
    options = {"actor": ANNA, "canary": 1, "query": "args.code:x9 OR args.tag:x9", "masked_by": ("code", "", "")}
    lead, _ = operations.start_together("retry", "error", dict.fromkeys(("orders", "mail")), **options)
    assert lead.queue == "mail"


def test_only_what_is_meant_is_acted_on_and_the_rest_is_counted(world, operations):
    ids = put(world, 450)
    operation = run(operations, start(operations, "exc:ValueError"))
    assert numbers(operation) == (450, 150, 0, 300, 0) and operation.status == "done"
    assert list(world.scores("queued")) == ids[::3]
    assert operation.outcomes.followed == 150
    assert_sound(world.raw)


def test_it_deletes_too_and_brings_back(world, operations):
    put(world, 9)
    operation = run(operations, start(operations, "exc:ValueError", "purge"))
    assert numbers(operation) == (9, 3, 0, 6, 0) and len(world.scores("error")) == 6
    assert run(operations, operations.undo(operation.id, actor=ANNA)).done == 3
    assert len(world.scores("error")) == 9


def test_what_fails_after_the_start_is_not_looked_at(world, operations):
    put(world, 3)
    operation = start(operations, "exc:ValueError")
    failures.fail(world, "late", at=9e9, name="builtins.ValueError")
    assert numbers(run(operations, operation)) == (3, 1, 0, 2, 0)
    assert "late" in world.scores("error")


def test_an_age_counts_from_the_start(world, engine, operations):
    now = engine.store.now()
    failures.fail(world, "old", at=now - 4000)
    failures.fail(world, "new", at=now - 10)
    assert numbers(run(operations, start(operations, "age:>1h"))) == (2, 1, 0, 1, 0)
    assert list(world.scores("error")) == ["new"]


def test_what_is_meant_and_cannot_be_retried_is_skipped_and_hides_nothing(world, redis_url):
    engine = Engine(redis_url, Settings(operation_chunk=4))
    ids = put(world, 12)
    world.raw.delete(f"t:task:{ids[3]}")
    operation = run(engine.operations, start(engine.operations, "exc:ValueError"))
    assert numbers(operation) == (12, 3, 1, 8, 0) and operation.stayed == 1
    engine.close()


def test_what_cannot_be_told_is_left_alone(world, operations):
    failures.fail(world, "a")
    world.raw.set("t:task:a", "{" + "x" * 9000)
    assert numbers(run(operations, start(operations, "args.order:17"))) == (1, 0, 0, 1, 0)
    assert numbers(run(operations, start(operations, "-args.order:17"))) == (1, 0, 0, 1, 0)


def test_a_canary_and_a_rate_hold_for_what_is_acted_on(world, engine, operations):
    put(world, 60)
    operation = operations.step(start(operations, "exc:ValueError", canary=2).id)
    assert operation.done == 2 and operation.waits_for_canary and operation.passed_by == 4
    operation = operations.step(operation.id)
    assert operation.done == 2 and not operation.ended
    for one in list(world.scores("queued")):
        world.raw.zrem("t:queued:orders", one)
        world.raw.delete(f"t:task:{one}", f"t:task:{one}:executions")
    operations.change_rate(operation.id, 1000, actor=ANNA)
    assert numbers(run(operations, operations.get(operation.id))) == (60, 20, 0, 40, 0)


def test_hostile_names_go_through(world, operations):
    failures.fail(world, HOSTILE_ID, HOSTILE_QUEUE)
    operation = run(operations, start(operations, "exc:GatewayDown", queue=HOSTILE_QUEUE))
    assert numbers(operation) == (1, 1, 0, 0, 0)


SECRET = "sk_live_abcdef0123456789"


@pytest.mark.parametrize(
    "query",
    [f"msg:{SECRET}", "msg:sk_live_a*", SECRET, "args.0:sk_live*", "-msg:nowhere args.note.pin:7", "args.code:x9"],
)
def test_a_query_sees_no_more_than_the_person_who_asked(world, operations, query):
    kwargs = {"note": {"pin": 7}, "code": "x9"}
    world.put("error", "orders", "a", score=100.0, func="shop.tasks:charge", args=[SECRET], kwargs=kwargs)
    world.raw.rpush(world.keys.executions("a"), failures.execution(message=f"refused {SECRET}"))
    masked = run(operations, start(operations, query, masked_by=("code", "", "")))
    assert numbers(masked) == (1, 0, 0, 1, 0)
    assert numbers(run(operations, start(operations, query))) == (1, 1, 0, 0, 0)


def test_what_is_not_hidden_is_found_all_the_same(world, operations):
    failures.fail(world, "a", message=f"refused {SECRET}", kwargs={"order": 7})
    assert numbers(run(operations, start(operations, "msg:refused args.order:7", masked_by=("", "", "")))) == (
        1, 1, 0, 0, 0,
    )  # fmt: skip


@pytest.mark.parametrize("rules", [["("], ["", "", "("], ["", "", "[z-a]"]])
def test_rules_that_cannot_be_read_act_on_nothing(world, operations, rules):
    put(world, 3)
    operation = start(operations, "exc:ValueError")
    record = json.loads(world.raw.hget(f"t:x:operation:{operation.id}", "record"))
    world.raw.hset(f"t:x:operation:{operation.id}", "record", json.dumps(record | {"masked_by": rules}))
    operation = operations.step(operation.id)
    assert (operation.status, operation.paused_because) == ("paused", "its query cannot be read here")
    assert len(world.scores("error")) == 3


@pytest.mark.parametrize("query", ["exc:", "nothing:x", "(a", '"open'])
def test_what_is_no_query_starts_nothing(world, operations, query):
    with pytest.raises(InvalidRequest):
        start(operations, query)
    with pytest.raises(InvalidRequest):
        operations.foresee("orders", "error", query)
    assert world.dump() == {}


def test_a_query_and_a_choice_are_two_ways(world, operations):
    with pytest.raises(InvalidRequest):
        start(operations, "exc:KeyError", task_ids=["a"])


def test_a_query_of_spaces_is_none(world, operations):
    put(world, 3)
    assert numbers(run(operations, start(operations, "  "))) == (3, 3, 0, 0, 0)


def test_a_broken_query_in_the_record_acts_on_nothing(world, operations):
    put(world, 3)
    operation = start(operations, "exc:ValueError")
    record = json.loads(world.raw.hget(f"t:x:operation:{operation.id}", "record"))
    world.raw.hset(f"t:x:operation:{operation.id}", "record", json.dumps(record | {"query": "exc:"}))
    operation = operations.step(operation.id)
    assert (operation.status, operation.paused_because) == ("paused", "its query cannot be read here")
    assert len(world.scores("error")) == 3


def test_what_would_be_touched_is_told_before(world, operations):
    ids = put(world, 450)
    found = operations.foresee("orders", "error", "exc:ValueError", most=None)
    assert (found.total, found.looked_at, found.matched, found.about) == (450, 450, 150, 150) and found.is_exact
    assert found.exceptions == {"builtins:ValueError": 150} and found.samples == ids[:15:3]
    part = operations.foresee("orders", "error", "exc:ValueError", most=200)
    assert (part.total, part.looked_at) == (450, 200) and not part.is_exact and 140 < part.about < 160
    assert operations.foresee("orders", "error", "exc:ValueError", not_after=102.0).total == 3
    assert operations.foresee("orders", "error", "queue:mail").matched == 0
    assert operations.foresee("empty", "error", "").total == 0


def test_what_is_looked_at_in_parts_is_looked_at_from_its_first_to_its_last_task(world, operations):
    ids = put(world, 450)
    scores = world.scores("error")
    for query in ("", "exc:ValueError OR -exc:ValueError"):
        found = operations.foresee("orders", "error", query, most=200)
        assert (found.looked_at, found.matched, found.about) == (200, 200, 450)
        assert (found.first_at, found.last_at) == (scores[ids[0]], scores[ids[-1]])
        assert len(found.samples) == 5 and ids.index(found.samples[-1]) >= 400
    few = operations.foresee("orders", "error", "", most=1)
    assert (few.looked_at, few.first_at, few.last_at) == (1, scores[ids[0]], scores[ids[-1]])
    part = operations.foresee("orders", "error", "", most=20, not_before=scores[ids[50]], not_after=scores[ids[99]])
    assert (part.total, part.first_at, part.last_at) == (50, scores[ids[50]], scores[ids[99]])


def test_what_there_was_no_time_to_look_at_is_not_told_as_looked_at(world, operations):
    put(world, 450)
    found = operations.foresee("orders", "error", "exc:ValueError", most=None, seconds=0.0)
    assert (found.total, found.looked_at, found.is_exact) == (450, 1, False)
    whole = operations.foresee("orders", "error", "exc:ValueError", most=None, seconds=600)
    assert (whole.looked_at, whole.matched, whole.is_exact) == (450, 150, True)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kinds=st.lists(st.sampled_from(["meant", "not meant", "broken", "leaves", "twice"]), max_size=12),
    chunk=st.integers(1, 5),
    cancel_after=st.none() | st.integers(0, 3),
)
def test_the_sums_are_exact_whatever_stands_there(world, redis_url, kinds, chunk, cancel_after):
    world.raw.flushall()
    engine = Engine(redis_url, Settings(operation_chunk=chunk))
    for number, kind in enumerate(kinds):
        name = "shop.errors.Other" if kind == "not meant" else "shop.errors.GatewayDown"
        failures.fail(world, str(number), at=100.0 + (number if kind != "twice" else 0), name=name)
        if kind == "broken":
            world.raw.delete(f"t:task:{number}")
    operation = start(engine.operations, "exc:GatewayDown")
    for number, kind in enumerate(kinds):
        if kind == "leaves":
            world.raw.zrem("t:error:orders", str(number))
    steps = 0
    while not operation.ended:
        if steps == cancel_after:
            with contextlib.suppress(OperationEnded):
                engine.operations.cancel(operation.id, actor=ANNA)
        operation = engine.operations.step(operation.id)
        steps += 1
        assert operation.matched == operation.done + operation.skipped + operation.passed_by + operation.remaining
        assert steps < 100
    if operation.status == "done":
        acted = sum(kind in ("meant", "twice") for kind in kinds)
        assert (operation.done, operation.passed_by) == (acted, kinds.count("not meant"))
        assert operation.skipped == kinds.count("broken") + kinds.count("leaves")
    engine.close()
