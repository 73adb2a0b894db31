import itertools
import json
import re

import pytest
from click.testing import CliRunner

from queue_core import states
from queue_core.outcome import Failed, Killed, TimedOut
from queue_core.payload import Payload, keyed_id


@pytest.fixture
def failures(shop):
    """One failure of each kind, quickly."""
    from samples.failures import Failure, Wanted

    def failed(queue, function, name, args=(), kwargs=()):
        lineage = (name, "samples.shop.errors:ShopError", "builtins:Exception", "builtins:BaseException")
        return Failure(Wanted(queue, function, args, kwargs), Failed(1.0, 1.5, name, lineage, "Traceback: AC-1020"))

    order = (("customer", "acme"), ("order_id", "AC-1990"))
    return [
        failed("webhooks.acme", shop.webhooks.deliver, "samples.shop.errors:DeliveryFailed", ("acme", "x", "AC-1020")),
        failed("images.check", shop.images.check_image, "samples.shop.errors:ImageDamaged", ("x.png",)),
        failed("orders.acme", shop.orders.import_orders, "samples.shop.errors:ImportFailed", (), order),
        failed("invoices.acme", shop.invoices.build_invoice, "samples.shop.errors:OrderUnknown", (), order),
        Failure(Wanted("partners.tortoise", shop.partners.announce_parcel, ("x",)), TimedOut(1.0, 5.0, 4.0, "here")),
        Failure(Wanted("images.scans", shop.images.measure_scan, ("x.scan",)), Killed(1.0, 1.1, signal=7)),
    ]


@pytest.fixture
def history(shop, failures, monkeypatch):
    """Writes that many tasks; gives what the command said."""
    import samples.failures
    from samples.demo import demo

    good = [samples.failures.Wanted("images.check", shop.images.check_image, ("claw-hammer.png",))]
    monkeypatch.setattr(samples.failures, "collect", lambda: (failures, good))
    return lambda *arguments: CliRunner().invoke(demo, [str(argument) for argument in arguments])


def entries(raw):
    for state in states.ALL:
        for queue in raw.smembers(f"t:{state}"):
            for task_id, score in raw.zrange(b"t:%s:%s" % (state.encode(), queue), 0, -1, withscores=True):
                yield state, queue.decode(), task_id.decode(), score


def test_the_demo_writes_as_many_tasks_as_were_asked_for(history, raw):
    assert history("--tasks", 1200).exit_code == 0
    found = list(entries(raw))
    assert len(found) == 1200
    assert {state for state, *_ in found} == set(states.ALL)


def test_every_payload_and_execution_has_the_shape_of_the_wire(history, raw):
    history("--tasks", 800)
    with_payload = set()
    for state, _, task_id, score in entries(raw):
        payload = Payload.decode(raw.get(f"t:task:{task_id}"), task_id)
        with_payload.add(f"t:task:{task_id}".encode())
        assert None not in payload.fields.values() and [] not in payload.fields.values()
        assert payload.fields["time_last_queued"] <= payload.fields["scheduled_at"]
        runs = [json.loads(run) for run in raw.lrange(f"t:task:{task_id}:executions", 0, -1)]
        assert int(raw.get(f"t:task:{task_id}:executions_count") or 0) == len(runs)
        assert bool(runs) == (state == states.ERROR or runs != [])
        _check_runs(payload, runs, score if state == states.ERROR else None)
    assert set(raw.keys("t:task:*[0-9a-f]")) - set(raw.keys("t:task:*:*")) == with_payload


def _check_runs(payload, runs, error_at):
    moment = payload.fields["time_last_queued"]
    for run in runs:
        assert moment <= run["time_started"] <= run["time_failed"]
        assert run["success"] is False and re.fullmatch(r"[\w.]+:\w+", run["exception_name"]) and run["host"]
        moment = run["time_failed"]
    if error_at is not None:
        assert runs and moment <= error_at <= moment + 1


def test_a_delivery_in_error_has_used_up_its_retries_with_growing_pauses(history, raw):
    history("--tasks", 800)
    (task_id, *_) = raw.zrange("t:error:webhooks.acme", 0, 0)
    runs = [json.loads(run) for run in raw.lrange(b"t:task:%s:executions" % task_id, 0, -1)]
    pauses = [later["time_started"] - run["time_failed"] for run, later in itertools.pairwise(runs)]
    assert len(runs) == 4
    assert all(wanted <= pause <= wanted + 3 for wanted, pause in zip((2, 4, 8), pauses, strict=True))


def test_a_unique_task_has_the_id_that_the_engine_gives_it(history, raw):
    history("--tasks", 800)
    queues = [queue for queue in raw.smembers("t:scheduled") if queue.startswith(b"reminders.")]
    for task_id in raw.zrange(b"t:scheduled:" + queues[0], 0, -1):
        fields = json.loads(raw.get(b"t:task:" + task_id))
        assert task_id.decode() == keyed_id(fields["func"], fields["unique_key"], fields["kwargs"])


def test_the_draft_of_a_call_is_what_the_engine_enqueues(shop, raw):
    from samples.drafts import payload_of
    from samples.failures import Wanted

    order = {"customer": "acme", "order_id": "AC-1020"}
    calls = [
        (shop.invoices.request_invoice("acme", "AC-1020"), Wanted("", shop.invoices.build_invoice, (), order.items())),
        (shop.webhooks.request_delivery("acme", "x", "y"), Wanted("", shop.webhooks.deliver, ("acme", "x", "y"))),
        (
            shop.orders.request_import("acme", "x.csv"),
            Wanted("", shop.orders.import_orders, (), (("customer", "acme"), ("file_name", "x.csv"))),
        ),
        (shop.images.check_image.delay("x.png"), Wanted("", shop.images.check_image, ("x.png",))),
        (
            shop.partners.request_announcement("swift", "x", 5),
            Wanted("", shop.partners.announce_parcel, ("swift", "x", 5)),
        ),
    ]
    for task, wanted in calls:
        enqueued = json.loads(raw.get(f"t:task:{task.id}"))
        drafted = json.loads(payload_of(wanted, enqueued["time_last_queued"], enqueued["scheduled_at"]).encode())
        assert drafted | {"id": enqueued["id"]} == enqueued


def test_the_same_seed_gives_the_same_queues(history, raw):
    def counts():
        return sorted((state, queue) for state, queue, *_ in entries(raw))

    history("--tasks", 300, "--seed", 5)
    first = counts()
    raw.flushall()
    history("--tasks", 300, "--seed", 5)
    assert counts() == first


def test_a_redis_that_holds_tasks_is_left_alone_without_yes(history, raw):
    history("--tasks", 50)
    again = history("--tasks", 50)
    assert again.exit_code == 2
    assert "holds tasks already" in again.output
    assert len(list(entries(raw))) == 50
    assert history("--tasks", 50, "--seed", 2, "--yes").exit_code == 0
    assert len(list(entries(raw))) > 90
