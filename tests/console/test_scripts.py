"""What the console's few scripts do, in a real browser."""

from playwright.sync_api import expect

from tests.console import seed
from tests.console.visitor import PASSWORD
from tests.waiting import wait_until


def ticked(page):
    return page.locator("input[name=task]:checked").count()


def test_a_click_with_the_shift_key_ticks_a_range_and_the_button_counts(engine, page):
    seed.failed(engine, "mail", 12)
    page.goto("/queues/mail/error")
    boxes = page.locator("input[name=task]")
    boxes.nth(8).check()
    boxes.nth(11).click(modifiers=["Shift"])
    assert ticked(page) == 4
    assert page.get_by_role("button", name="Retry selected: 4").count() == 1
    page.get_by_label("Tick all on this page").check()
    assert ticked(page) == 12


def test_a_retried_row_says_so_in_place_keeps_the_ticks_and_the_focus_goes_on(engine, page):
    seed.failed(engine, "mail", 3)
    page.goto("/queues/mail/error")
    page.locator("input[name=task]").nth(2).check()
    page.locator("tbody tr").first.get_by_role("button").click()
    page.locator("tr.acted").wait_for()
    assert "is queued again" in page.locator("tr.acted").inner_text()
    assert ticked(page) == 1
    focused = page.evaluate("document.activeElement.closest('tr')?.rowIndex")
    assert focused == 2
    assert engine.browse.sizes("mail")["queued"] == 1


def test_counts_renew_themselves_without_touching_the_ticks(engine, page):
    seed.failed(engine, "mail", 2)
    page.goto("/queues/mail/error")
    page.locator("input[name=task]").first.check()
    seed.failed(engine, "mail", 3, args=["later"])
    page.get_by_text("3 newer errors: show").wait_for()
    assert page.locator(".tab-error .count").inner_text() == "5"
    assert ticked(page) == 1


def test_moments_are_told_in_the_viewers_zone_with_utc_at_hand(engine, page):
    seed.failed(engine, "mail")
    page.goto("/queues/mail/error")
    page.locator("tbody th a").first.click()
    moment = page.locator(".budget time[data-moment]")
    assert "GMT+9" in moment.inner_text()
    assert moment.get_attribute("title").endswith("UTC")


def test_the_theme_is_remembered(page):
    toggle = page.locator("[data-theme-toggle]")
    assert toggle.get_attribute("aria-label") == "Use the dark theme"
    toggle.click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert toggle.get_attribute("aria-label") == "Use the light theme"


def test_an_open_panel_closes_with_escape_and_gives_the_focus_back(page):
    page.goto("/queues/mail/error")
    page.get_by_text("Pause…").click()
    page.get_by_label("Reason").focus()
    page.keyboard.press("Escape")
    assert page.locator("details.disclosure[open]").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_closed_group_stays_closed_while_the_counts_renew(engine, page):
    seed.queued(engine, "shop.mail")
    seed.queued(engine, "shop.pay")
    engine.snapshot.take()
    page.goto("/")
    page.get_by_label("Close shop").click()
    page.get_by_label("Open shop").wait_for()
    seed.queued(engine, "shop.pay", 2)
    engine.snapshot.take()
    wait_until(lambda: "4" in page.locator(".figure-queued").inner_text(), why="the figure has been renewed")
    assert page.get_by_label("Open shop").count() == 1


def test_a_form_that_left_its_page_as_it_was_can_be_sent_again(engine, page):
    seed.failed(engine, "mail")
    page.clock.install()
    page.goto("/queues/mail/error")
    page.get_by_text("Pause…").click()
    page.get_by_label("Reason").fill("the bank is away")
    pause = page.get_by_role("button", name="Pause", exact=True)
    page.route("**/pause", lambda route: route.fulfill(status=204), times=1)
    with page.expect_response("**/pause"):
        pause.click(no_wait_after=True)
    page.clock.fast_forward(4000)
    pause.click()
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    assert engine.control.pause_of("mail").reason == "the bank is away"


def test_what_was_typed_comes_back_into_the_form_that_asked_for_it(engine, page):
    (task_id,) = seed.failed(engine, "mail")
    page.goto(f"/queues/mail/tasks/{task_id}")
    page.get_by_text("Reschedule…").click()
    page.locator("#due_at").fill("2035-01-31T18:00")
    page.locator("#reschedule-reason").fill("after the move of the bank")
    engine.people.end_sessions("ann")
    page.get_by_role("button", name="Set the time").click()
    page.get_by_role("link", name="Log in and go back").click()
    page.fill("#name", "ann")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#reschedule-reason")).to_have_value("after the move of the bank")
    expect(page.locator("#due_at")).to_have_value("2035-01-31T18:00")
    expect(page.get_by_role("button", name="Set the time")).to_be_visible()
