"""The commands move and reschedule."""

import pytest
from click.testing import CliRunner

from queue_core.cli import main
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE
from tests.queue_core import failures

FAR = 9e9


@pytest.fixture
def run(redis_url, monkeypatch):
    """Runs `signalbox <arguments>` on the empty Redis."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def put(world, state="error", count=3, queue="orders", first_at=100.0):
    for number in range(count):
        world.put(state, queue, f"t{number}", score=first_at + number)


def due(world, queue="orders"):
    return [score - FAR for score in world.scores("scheduled", queue).values()]


def test_all_errors_are_moved_and_their_number_is_told(world, run):
    put(world)
    result = run("move", "--queue", "orders", "--to", "mail", "--reason", "wrong queue")
    assert result.exit_code == 0 and "3 done, 0 skipped (0 gone meanwhile, 0 still there), of 3." in result.output
    assert list(world.scores("error", "mail")) == ["t0", "t1", "t2"]
    (entry,) = world.acts()
    assert (entry["verb"], entry["reason"], entry["facts"]["to_queue"]) == ("move", "wrong queue", "mail")


def test_a_move_is_undone_once_by_the_id_of_its_operation(world, run, engine):
    put(world)
    run("move", "t0", "t2", "--queue", "orders", "--to", "mail")
    (moved,) = engine.operations.newest()
    result = run("operations", "undo", moved.id, "--reason", "the right one after all")
    assert result.exit_code == 0 and "2 done, 0 skipped" in result.output
    assert list(world.scores("error")) == ["t0", "t1", "t2"] and world.scores("error", "mail") == {}
    assert world.acts()[-1]["reason"] == "the right one after all"
    undoing, _ = engine.operations.newest()
    assert f"undoes     {moved.id}" in run("operations", "show", undoing.id).output
    again = run("operations", "undo", moved.id)
    assert again.exit_code == 1 and "is left to take back" in again.output
    assert run("operations", "undo", "none").exit_code == 1


@pytest.mark.parametrize("state", ["queued", "scheduled"])
def test_other_states_are_moved_when_they_are_named(world, run, state):
    put(world, state, first_at=FAR if state == "scheduled" else 100.0)
    assert run("move", "--queue", "orders", "--to", "mail", "--state", state, "--rate", "500/s").exit_code == 0
    assert len(world.scores(state, "mail")) == 3


def test_named_tasks_are_moved_and_the_others_stay(world, run):
    put(world)
    result = run("move", "t1", "gone", "--queue", "orders", "--to", "mail")
    assert "1 done, 1 skipped" in result.output and list(world.scores("error", "mail")) == ["t1"]


def test_what_a_filter_means_is_moved(world, run):
    for number, name in enumerate(("GatewayDown", "Other")):
        failures.fail(world, f"t{number}", at=100.0 + number, name=f"shop.errors.{name}")
    result = run("move", "--queue", "orders", "--to", "mail", "--filter", "exc:GatewayDown")
    assert "1 done" in result.output and "1 did not match" in result.output
    assert list(world.scores("error")) == ["t1"]


def test_a_dry_run_changes_nothing(world, run):
    put(world)
    put(world, "scheduled", first_at=FAR, queue="later")
    before = world.dump()
    assert (
        "orders: 3 of 3 tasks match.  Nothing is changed."
        in run("move", "--queue", "orders", "--to", "mail", "--dry-run").output
    )
    assert "2 tasks are named" in run("move", "t0", "t1", "--queue", "orders", "--to", "mail", "--dry-run").output
    result = run("reschedule", "--queue", "later", "--shift", "+1h", "--dry-run")
    assert "due        2255-03-14 16:00:00Z to 2255-03-14 16:00:02Z" in result.output
    assert world.dump() == before


def test_hostile_names_stay_on_their_line(world, run):
    world.put("error", HOSTILE_QUEUE, HOSTILE_ID)
    result = run("move", "--queue", HOSTILE_QUEUE, "--to", "mail")
    assert result.exit_code == 0 and HOSTILE_ID in world.scores("error", "mail")


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--shift", "+2h"), [7200, 7201, 7202]),
        (("--shift", "-30s"), [-30, -29, -28]),
        (("--at", "2255-03-14T16:00:05"), [5, 5, 5]),
        (("--at", "2255-03-14T17:00:05+01:00"), [5, 5, 5]),
        (("--spread", "30s"), [0, 10, 20]),
        (("--spread", "30s", "--at", "2255-03-14T16:00:05Z"), [5, 15, 25]),
        (("t1", "--shift", "10s"), [0, 2, 11]),
        (("--filter", "state:queued", "--shift", "10s"), [0, 1, 2]),
    ],
)
def test_tasks_get_another_time(world, run, options, wanted):
    put(world, "scheduled", first_at=FAR)
    result = run("reschedule", "--queue", "orders", *options)
    assert result.exit_code == 0, result.output
    assert due(world) == wanted


def test_failed_tasks_become_due_now_or_one_after_the_other(world, run, engine):
    put(world)
    before = engine.store.now()
    assert run("reschedule", "--queue", "orders", "--state", "error", "--at", "now").exit_code == 0
    assert all(before - 60 < score <= engine.store.now() for score in world.scores("scheduled").values())


@pytest.mark.parametrize(
    "arguments",
    [
        ("move", "--queue", "orders"), ("move", "--to", "mail"),
        ("move", "t0", "--queue", "orders", "--to", "mail", "--filter", "a"),
        ("move", "--queue", "orders", "--to", "mail", "--state", "active"),
        ("reschedule", "--queue", "orders", "--shift", "soon"), ("reschedule", "--queue", "orders", "--shift", ""),
        ("reschedule", "--queue", "orders", "--at", "soon"), ("reschedule", "--queue", "orders", "--spread", "-5m"),
        ("reschedule", "--queue", "orders", "--state", "queued", "--at", "now"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_refused(run, arguments):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("move", "--queue", "orders", "--to", "orders"), "in that queue already"),
        (("move", "--queue", "orders", "--to", ""), "printable"),
        (("reschedule", "--queue", "orders"), "by how much"),
        (("reschedule", "--queue", "orders", "--shift", "1h", "--spread", "1h"), "one of it"),
        (("reschedule", "--queue", "orders", "--shift", "99999d"), "ten years"),
        (("reschedule", "--queue", "orders", "--state", "error", "--shift", "1h"), "Only scheduled"),
        (("move", "--queue", "orders", "--to", "mail", "--filter", "exc:"), "lacks its value"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(world, run, arguments, why):
    put(world)
    result = run(*arguments)
    assert result.exit_code == 1 and why in result.output and "Traceback" not in result.output
    assert world.acts() == []


def test_the_operation_says_where_it_led(world, run, engine):
    put(world, "scheduled", first_at=FAR)
    run("reschedule", "--queue", "orders", "--shift", "-2m")
    run("reschedule", "--queue", "orders", "--at", "2255-03-14T16:00:00")
    run("reschedule", "--queue", "orders", "--spread", "1m")
    run("move", "--queue", "orders", "--to", "mail", "--state", "scheduled")
    shown = [run("operations", "show", one.id).output for one in engine.operations.newest()]
    assert "to         mail" in shown[0]
    assert "spread over 60 s from 2255-03-14 16:00:00Z" in shown[1]
    assert "time       2255-03-14 16:00:00Z" in shown[2]
    assert "120 s earlier" in shown[3]
