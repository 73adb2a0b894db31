"""Parts that renew themselves, in a real browser: they disturb nobody, and ask no more than they should."""

import re

import pytest
from playwright.sync_api import expect

from queue_core import Actor
from tests.console import seed
from tests.waiting import wait_until

PATIENCE = 30


@pytest.fixture
def asked(page):
    """The paths of the live parts that the page has asked for."""
    paths = []
    page.on("request", lambda request: paths.append(request.url) if "/status" in request.url else None)
    return paths


def renewed(engine, page, count):
    """Waits until the page shows `count` errors of mail."""
    expect(page.locator(".tab-error .count")).to_have_text(str(count), timeout=PATIENCE * 1000)


def test_what_a_person_does_on_the_page_stays_while_it_renews_itself(engine, page):
    seed.failed(engine, "mail", 30)
    page.set_viewport_size({"width": 1200, "height": 400})
    page.goto("/queues/mail/error")
    page.locator("input[name=task]").nth(3).check()
    page.get_by_text("Pause…").click()
    reason = page.get_by_label("Reason")
    reason.fill("half a sent")
    reason.focus()
    page.evaluate("scrollTo(0, 200)")
    scrolled = page.evaluate("scrollY")
    seed.failed(engine, "mail", 2, args=["later"])
    renewed(engine, page, 32)
    page.keyboard.type("ence")
    assert reason.input_value() == "half a sentence"
    assert page.locator("details.disclosure[open]").count() == 1
    assert page.locator("input[name=task]:checked").count() == 1
    shift = page.locator(".newer").bounding_box()["height"]
    assert abs(page.evaluate("scrollY") - scrolled) <= shift + 40


def test_a_part_is_not_asked_for_again_before_it_has_answered(engine, page):
    seed.failed(engine, "mail")
    held, others = [], []
    page.goto("/queues/mail/error")  # what the page before has asked for is not meant
    page.route("**/status", lambda route: held.append(route))
    page.on("request", lambda request: others.append(request.url) if request.url.endswith("/live") else None)
    page.on("request", lambda request: others.append(request.url) if "/live?" in request.url else None)
    wait_until(lambda: page.evaluate("1") and held and len(others) >= 4, PATIENCE, "the other part went on")
    assert len(held) == 1
    held.pop().continue_()
    wait_until(lambda: page.evaluate("1") and held, PATIENCE, "it goes on after the answer")
    page.unroute_all(behavior="ignoreErrors")


def test_refresh_is_paused_and_goes_on_at_a_click_and_that_is_remembered(engine, page, asked):
    page.get_by_role("button", name="Pause refresh").click()
    page.reload()
    toggle = page.get_by_role("button", name="Refresh paused")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    page.evaluate(
        "document.addEventListener('htmx:before:request', (e) => { document.body.dataset.seen = e.defaultPrevented })"
    )
    wait_until(lambda: page.evaluate("document.body.dataset.seen") == "true", PATIENCE, "a poll was held back")
    asked.clear()
    toggle.click()
    wait_until(lambda: page.evaluate("1") and asked, PATIENCE, "it asks again")
    expect(page.get_by_role("button", name="Pause refresh")).to_be_visible()


def test_a_page_that_nobody_looks_at_asks_for_nothing(page):
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { get: () => true });"
        "document.addEventListener('htmx:before:request', (e) => { document.body.dataset.seen = e.defaultPrevented })"
    )
    wait_until(lambda: page.evaluate("document.body.dataset.seen") == "true", PATIENCE, "a poll was held back")


def test_the_age_of_what_one_sees_is_told_when_nobody_answers_and_goes_when_somebody_does(engine, page):
    engine.snapshot.take()
    page.goto("/audit/")
    asked = re.compile(r"/status|/newer/")
    page.route(asked, lambda route: route.abort())
    notice, html = page.get_by_text("The console does not answer"), page.locator("html")
    expect(notice).to_be_visible(timeout=PATIENCE * 1000)
    expect(notice.locator("time")).to_contain_text("ago")
    expect(page.locator(".chip-age")).to_be_visible()
    page.unroute(asked)
    expect(notice).to_have_count(0, timeout=PATIENCE * 1000)
    expect(html).not_to_have_attribute("data-answers", "lost")


def test_a_list_says_how_much_is_newer_and_shows_it_at_a_click(engine, page):
    page.goto("/trash/?queue=mail")
    (task_id,) = seed.queued(engine, "mail")
    engine.control.delete("mail", "queued", task_id, actor=Actor("ann", "command line"))
    page.get_by_role("link", name="1 newer deleted task: show").click(timeout=PATIENCE * 1000)
    expect(page.locator("main tbody tr")).to_have_count(1)
    assert page.url.endswith("/trash/?queue=mail")


def test_a_notice_stays_in_view_and_can_be_put_away(engine, page):
    seed.failed(engine, "mail", 30)
    page.set_viewport_size({"width": 1200, "height": 500})
    page.goto("/queues/mail/error")
    page.locator("input[name=task]").first.check()
    page.get_by_text("Danger…").click()
    page.get_by_role("button", name="Delete selected: 1").click()
    notice = page.get_by_role("status").filter(has_text="1 task deleted")
    expect(notice.get_by_role("button", name="Undo")).to_be_visible()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(notice).to_be_in_viewport()
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)


def test_a_deletion_is_undone_from_its_notice(engine, page):
    seed.failed(engine, "mail", 2)
    page.goto("/queues/mail/error")
    page.locator("input[name=task]").first.check()
    page.get_by_text("Danger…").click()
    page.get_by_role("button", name="Delete selected: 1").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status").filter(has_text="1 task restored")).to_be_visible()
    assert engine.browse.sizes("mail")["error"] == 2


def test_the_number_of_errors_in_the_menu_renews_itself(engine, page):
    engine.snapshot.take()
    page.goto("/audit/")
    number = page.locator("#error-count")
    expect(number).to_be_hidden()
    seed.failed(engine, "mail", 3)
    engine.snapshot.take()
    expect(number).to_have_text(re.compile("^3"), timeout=PATIENCE * 1000)
    expect(page.locator("#error-count")).to_have_count(1)
    expect(page.get_by_role("navigation", name="Pages").locator("#error-count")).to_be_visible()
