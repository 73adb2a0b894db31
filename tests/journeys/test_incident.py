"""An operator's errands, each from the first look to the end, in a real browser."""

import time

import pytest
from playwright.sync_api import expect

from tests.waiting import wait_until

QUEUE = "payments.eu"


@pytest.fixture
def three_failures(stage):
    """Three payments that have failed, since there is no exchange rate yet."""
    for order_id in ("A1", "A2", "A3"):
        stage.delay("charge", order_id, 100)
    wait_until(lambda: stage.sizes(QUEUE)["error"] == 3, 15, "three failures")
    wait_until(lambda: stage.counted(QUEUE).error == 3, 10, "they are counted")


def mend(stage):
    (stage.folder / "rate").write_text("1.5")


@pytest.mark.usefixtures("three_failures")
def test_from_the_overview_to_the_traceback_of_a_failed_task(visit):
    page = visit()
    page.get_by_role("link", name="payments.eu").first.click()
    expect(page.get_by_role("heading", name="payments.eu", exact=True)).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("link", name="tests.journeys.till:charge").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("tests.journeys.till:charge")
    traceback = page.locator("pre", has_text="Traceback").first
    expect(traceback).to_contain_text("FileNotFoundError")
    expect(traceback).to_contain_text("The above exception was the direct cause of the following exception")
    expect(traceback).to_contain_text("PaymentRefused: order A")
    expect(page.get_by_text('"A3"').first).to_be_visible()


@pytest.mark.usefixtures("three_failures")
def test_a_failed_task_is_retried_with_one_click_and_succeeds(stage, visit):
    page = visit()
    mend(stage)
    page.goto(f"/queues/{QUEUE}/error")
    row = page.locator("tbody tr", has_text='"A2"')
    row.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("status").filter(has_text="queued again")).to_be_visible()
    wait_until(lambda: stage.receipt("A2") == "150.00", 15, "the receipt of A2")
    assert stage.receipt("A1") is None
    page.goto("/audit")
    expect(page.locator("tbody tr").first).to_contain_text("retry")
    expect(page.locator("tbody tr").first).to_contain_text("ada")


@pytest.mark.usefixtures("three_failures")
def test_without_javascript_a_retry_works_the_same(stage, visit):
    page = visit(java_script_enabled=False)
    mend(stage)
    page.goto(f"/queues/{QUEUE}/error")
    page.locator("tbody tr", has_text='"A1"').get_by_role("button", name="Retry").click()
    expect(page.get_by_role("status").filter(has_text="queued again")).to_be_visible()
    wait_until(lambda: stage.receipt("A1") == "150.00", 15, "the receipt of A1")


@pytest.mark.usefixtures("three_failures")
def test_the_selected_tasks_are_retried_and_the_others_stay(stage, visit):
    page = visit()
    mend(stage)
    page.goto(f"/queues/{QUEUE}/error")
    for order_id in ("A1", "A3"):
        page.locator("tbody tr", has_text=f'"{order_id}"').get_by_role("checkbox").check()
    page.get_by_role("button", name="Retry selected").click()
    wait_until(lambda: stage.receipt("A1") and stage.receipt("A3"), 15, "the receipts of A1 and A3")
    assert stage.sizes(QUEUE)["error"] == 1


@pytest.mark.usefixtures("three_failures")
def test_a_task_is_retried_with_the_keyboard_alone(stage, visit):
    page = visit()
    mend(stage)
    page.goto(f"/queues/{QUEUE}/error")
    button = page.locator("tbody tr", has_text='"A3"').get_by_role("button", name="Retry")
    for _ in range(60):
        page.keyboard.press("Tab")
        if button.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    wait_until(lambda: stage.receipt("A3") == "150.00", 15, "the receipt of A3")


@pytest.mark.usefixtures("three_failures")
def test_old_errors_are_purged_and_new_ones_stay(stage, visit):
    store = stage.engine.store
    oldest = stage.engine.browse.page(QUEUE, "error").rows[-1]
    store.client.zadd(store.keys.state("error", QUEUE), {oldest.id: time.time() - 30 * 86_400})
    page = visit()
    page.goto(f"/queues/{QUEUE}/error")
    page.get_by_text("Danger").first.click()
    page.get_by_role("link", name="Purge").first.click()
    expect(page.locator(".preview")).to_contain_text("1 task of 3")
    page.get_by_label("Reason").first.fill("left over from spring")
    page.get_by_role("button", name="Purge 1 task").click()
    expect(page.get_by_text("done").first).to_be_visible()
    assert stage.sizes(QUEUE)["error"] == 2
    assert not store.client.exists(store.keys.payload(oldest.id))
    page.goto("/audit")
    expect(page.locator("tbody tr").first).to_contain_text("left over from spring")


def test_a_paused_queue_starts_nothing_until_it_is_resumed(stage, visit):
    page = visit()
    stage.delay("send_letter", 1)
    wait_until(lambda: stage.letters() == 1, 15, "the first letter")
    page.goto("/queues/mail.letters/queued")
    page.get_by_text("Pause…").first.click()
    page.get_by_label("Reason").first.fill("the paper has run out")
    page.get_by_role("button", name="Pause", exact=False).last.click()
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    expect(page.get_by_text("the paper has run out").first).to_be_visible()

    # work in another queue goes on, so a worker has had its chance at this one
    mend(stage)
    for number in range(2, 7):
        stage.delay("send_letter", number)
    stage.delay("charge", "B1", 1)
    wait_until(lambda: stage.receipt("B1"), 15, "work in the other queue")
    stage.delay("charge", "B2", 1)
    wait_until(lambda: stage.receipt("B2"), 15, "more work in the other queue")
    assert stage.letters() == 1
    assert stage.sizes("mail.letters") == {"queued": 5, "active": 0, "scheduled": 0, "error": 0}

    page.get_by_role("button", name="Resume now").click()
    wait_until(lambda: stage.letters() == 6, 15, "the other letters")


def test_a_console_whose_redis_went_away_says_so_and_comes_back(stage, visit, browser):
    page = visit()
    stage.delay("send_letter", 1)
    wait_until(lambda: stage.letters() == 1, 15, "the first letter")
    stage.server.kill()
    answer = page.request.get(f"{stage.address}/queues/mail.letters/queued")
    assert answer.status == 503
    assert "Redis" in answer.text()
    stage.server.start()
    wait_until(lambda: page.request.get(f"{stage.address}/").status == 200, 15, "the overview is back")
