"""The shop on a real worker: what arrives, what stays in error, and why."""

import json

import pytest


@pytest.fixture
def work(shop):
    """Runs until nothing is left to run."""
    from queue_core import Worker

    return lambda: Worker(shop.engine, exclude_queues=["reports"]).run(once=True)


def newest_run(raw, queue):
    (task_id,) = raw.zrange(f"t:error:{queue}", 0, -1)
    return json.loads(raw.lindex(b"t:task:%s:executions" % task_id, -1))


def test_an_order_file_becomes_invoices_messages_and_planned_reminders(shop, work, webhook_server, output, raw):
    shop.orders.request_import("acme", "2026-03-02.csv")
    work()
    orders = sorted(path.stem for path in output.glob("orders/acme/*.json"))
    assert len(orders) == 5
    assert sorted(path.stem for path in output.glob("invoices/acme/*.pdf")) == orders
    assert raw.zcard("t:scheduled:reminders.acme") == len(orders)
    assert not raw.exists("t:error", "t:queued", "t:active")


def test_a_malformed_order_file_goes_to_error_at_once(shop, work, raw):
    shop.orders.request_import("acme", "2026-03-04.csv")
    work()
    run = newest_run(raw, "orders.acme")
    assert run["exception_name"] == "samples.shop.errors:ImportFailed"
    assert run["traceback"].count("The above exception was the direct cause") == 3


def test_a_failed_delivery_waits_for_its_retry(shop, work, webhook_server, raw):
    shop.webhooks.request_delivery("papyrus", "order.packed", "PA-6020")
    work()
    assert raw.zcard("t:scheduled:webhooks.papyrus") == 1


def test_a_truncated_scan_kills_its_process_and_the_worker_goes_on(shop, work, wanted_crashes, output, raw):
    shop.images.measure_scan.delay("shelf-6.scan")
    shop.images.measure_scan.delay("shelf-1.scan")
    work()
    assert newest_run(raw, "images.scans")["x"]["reason"] == "killed"
    assert (output / "brightness" / "shelf-1.scan.txt").is_file()


@pytest.mark.slow
def test_a_partner_that_never_answers_overruns_the_hard_timeout(shop, work, webhook_server, raw):
    webhook_server.turns["/partners/tortoise"] = iter(["silence"])
    shop.partners.request_announcement("tortoise", "AC-1020", 900)
    work()
    run = newest_run(raw, "partners.tortoise")
    assert run["exception_name"] == "tasktiger.exceptions:JobTimeoutException"
    assert "announce_parcel" in run["traceback"]


def test_the_recurring_work_is_registered(shop):
    schedules = {name for name, function in shop.engine.functions.items() if getattr(function, "_task_schedule", None)}
    assert schedules == {"samples.shop.stock:count_stock", "samples.shop.reports:report_turnover"}
