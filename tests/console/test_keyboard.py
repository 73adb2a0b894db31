"""The keys of lists and pages, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.console import seed
from tests.waiting import wait_until


@pytest.fixture
def failed(engine, page):
    """The page of a queue with three errors."""
    seed.failed(engine, "mail", 3)
    page.goto("/queues/mail/error")
    return page


def rows(page):
    return page.locator("main tbody tr")


def has_focus(locator):
    return locator.evaluate("element => element.contains(document.activeElement)")


def test_j_and_k_move_through_the_rows_and_stop_at_the_ends(failed):
    for key, at in (("j", 0), ("j", 1), ("j", 2), ("j", 2), ("k", 1), ("k", 0), ("k", 0)):
        failed.keyboard.press(key)
        assert has_focus(rows(failed).nth(at)), (key, at)


def test_x_ticks_the_row_and_the_button_counts(failed):
    for key in ("j", "j", "x"):
        failed.keyboard.press(key)
    assert rows(failed).nth(1).locator("input").is_checked()
    expect(failed.get_by_role("button", name="Retry selected: 1")).to_be_visible()
    failed.keyboard.press("x")
    assert failed.locator("input[name=task]:checked").count() == 0


def test_enter_opens_the_row(failed):
    failed.keyboard.press("j")
    failed.keyboard.press("Enter")
    failed.wait_for_url("**/queues/mail/tasks/*")


def test_r_goes_to_the_retry_button_and_only_enter_presses_it(engine, failed):
    for key in ("j", "j", "r"):
        failed.keyboard.press(key)
    assert has_focus(rows(failed).nth(1).get_by_role("button"))
    assert engine.browse.sizes("mail")["error"] == 3
    failed.keyboard.press("Enter")
    failed.locator("tr.acted").wait_for()
    assert engine.browse.sizes("mail")["error"] == 2


def test_the_keys_go_on_behind_a_row_that_was_replaced(failed):
    for key in ("j", "r", "Enter"):
        failed.keyboard.press(key)
    failed.locator("tr.acted").wait_for()
    wait_until(lambda: has_focus(rows(failed).nth(1)), seconds=60, why="the focus has gone on")
    failed.keyboard.press("j")
    assert has_focus(rows(failed).nth(2))


def test_a_slash_goes_to_the_filter_and_letters_are_text_there(engine, page):
    seed.failed(engine, "mail", 1)
    engine.snapshot.take()
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("jxrge?")
    assert page.evaluate("document.activeElement.value") == "jxrge?"
    assert not page.locator("#keys").is_visible()


def test_e_opens_the_form_to_edit_the_arguments(failed):
    failed.keyboard.press("j")
    failed.keyboard.press("o")
    failed.wait_for_url("**/queues/mail/tasks/*")
    failed.keyboard.press("e")
    failed.wait_for_url("**/edit")


def test_g_and_a_letter_go_to_a_page(page):
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/audit/")


def test_with_a_modifier_a_key_is_the_browsers(failed):
    for key in ("Control+j", "Alt+j", "Meta+x"):
        failed.keyboard.press(key)
    assert not any(has_focus(rows(failed).nth(at)) for at in range(3))


def test_a_question_mark_shows_the_keys_and_escape_puts_them_away(page):
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_the_keys_can_be_switched_off_for_good(failed):
    failed.get_by_role("button", name="Keys").click()
    failed.get_by_label("Single keys work in this browser").uncheck()
    failed.reload()
    failed.keyboard.press("j")
    failed.keyboard.press("?")
    assert not has_focus(rows(failed).first)
    assert not failed.locator("#keys").is_visible()
