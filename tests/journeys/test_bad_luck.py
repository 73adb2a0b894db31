"""Bad input and bad luck: what is pressed twice, too late or by two people is one act, and the page says so.

What was done is read from Redis and from the audit trail."""

import re

import pytest
from playwright.sync_api import expect

from queue_core import Actor
from tests.journeys.stage import PASSWORD, USER
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(900)

QUEUE = "payments.eu"
SECOND, SECRET = "grace", "points and signals"
NIGHT = Actor("noor", "command line")
MOVED_ON = "The world moved on"


@pytest.fixture
def failures(stage):
    """The ids of five payments that have failed for one cause; nobody works any more."""
    for number in range(1, 6):
        stage.delay("charge", f"A{number}", 100)
    ids = known(stage, 5)
    stage.end("worker")
    return ids


@pytest.fixture
def ada(visit):
    return visit(may_fail=True, viewport={"width": 1360, "height": 900})


@pytest.fixture
def grace(stage, visit):
    """A second person, an operator, in a browser of her own."""
    stage.engine.people.add(SECOND, SECRET, "operator")
    return visit(SECOND, SECRET, may_fail=True, viewport={"width": 1360, "height": 900})


def known(stage, count):
    """The ids of the failed payments, the newest first, once all pages know that there are so many."""

    def are_known():
        summary = stage.engine.error_groups.summary()
        return summary and summary.groups and summary.groups[0].tasks == count and stage.counted(QUEUE).error == count

    wait_until(are_known, 120, "all failures are counted and read")
    return [row.id for row in stage.engine.browse.page(QUEUE, "error").rows]


def group_page(stage):
    return f"/errors/groups/{stage.engine.error_groups.summary().groups[0].id}"


def task_page(task_id):
    return f"/queues/{QUEUE}/tasks/{task_id}"


def trail(stage, *verbs):
    """(actor, outcome) of these acts, sorted."""
    return sorted((one.actor, one.outcome) for one in stage.engine.audit.page(limit=200).entries if one.verb in verbs)


def outcomes(stage, *verbs):
    return sorted(outcome for _, outcome in trail(stage, *verbs))


def at_the_same_moment(*buttons):
    """Presses them all; what they send goes out only when all of it is under way."""
    held = []
    for button in buttons:
        button.page.route(
            "**/*", lambda route: held.append(route) if route.request.method == "POST" else route.fallback()
        )
        button.click(no_wait_after=True)
    wait_until(lambda: all(one.page.context.cookies() for one in buttons) and len(held) == len(buttons), 60, "pressed")
    for route in held:
        route.continue_()


def both(*pages):
    """The page of whoever came first, and that of whoever came too late."""
    for page in pages:
        expect(page.get_by_text(re.compile(f"is queued again|{MOVED_ON}")).first).to_be_visible()
    return sorted(pages, key=lambda page: page.get_by_role("heading", name=MOVED_ON).count())


def retry_button(page):
    return page.get_by_role("button", name="Retry", exact=True)


def test_two_people_press_the_same_button_and_it_is_one_act(stage, ada, grace, failures, picture):
    for page in (ada, grace):
        page.goto(task_page(failures[0]))
    at_the_same_moment(retry_button(ada), retry_button(grace))
    first, late = both(ada, grace)
    expect(first.get_by_role("status").filter(has_text="is queued again")).to_be_visible()
    expect(late.get_by_text("Nothing was changed.")).to_be_visible()
    expect(late.get_by_text(re.compile(f"The last act on it: retry by ({USER}|{SECOND})"))).to_be_visible()
    picture(late, "bad-luck-1-too-late", height=520)
    assert outcomes(stage, "retry") == ["done", "failed"]
    assert stage.sizes(QUEUE) == {"queued": 1, "active": 0, "scheduled": 0, "error": 4}
    late.get_by_role("link", name="Back to the page").click()
    expect(late.get_by_role("heading", level=1)).to_contain_text("charge")
    expect(retry_button(late)).to_have_count(0)

    # the same preview of a purge: each task goes once, and each is told how many it was
    for page in (ada, grace):
        page.goto(f"{group_page(stage)}/purge")
        page.get_by_label("Reason").fill("left over")
    at_the_same_moment(*(page.get_by_role("button", name=re.compile("^Purge")) for page in (ada, grace)))
    for page in (ada, grace):
        expect(page.get_by_role("status").filter(has_text=re.compile("purged|so nothing was changed"))).to_be_visible()
    purges = [one for one in stage.engine.operations.newest() if one.verb == "purge"]
    assert sum(one.done for one in purges) == 4 == stage.engine.trash.size().tasks
    assert stage.sizes(QUEUE)["error"] == 0


def test_a_double_click_is_one_act_and_what_is_sent_again_changes_nothing(stage, ada, failures, picture):
    ada.goto(group_page(stage))
    ada.get_by_role("button", name="Retry 5").dblclick()
    expect(ada.get_by_role("status").filter(has_text="5 tasks retried.")).to_be_visible()
    assert outcomes(stage, "retry") == ["done"]
    assert [one.done for one in stage.engine.operations.newest()] == [5]

    stage.run("worker", "worker", "-m", "tests.journeys.till")
    failed_again = known(stage, 5)
    assert sorted(failed_again) == sorted(failures)
    stage.end("worker")
    ada.goto(task_page(failures[1]))
    retry_button(ada).dblclick()
    expect(ada.get_by_role("status").filter(has_text="is queued again")).to_be_visible()
    ada.reload()
    expect(ada.get_by_role("heading", name=MOVED_ON)).to_have_count(0)
    assert outcomes(stage, "retry") == ["done", "done"]

    # back to a preview after its act: it says what there is now
    known(stage, 4)
    ada.goto(f"{group_page(stage)}/purge")
    form = ada.locator("form", has=ada.get_by_label("Reason")).evaluate(
        "form => Object.fromEntries(new FormData(form))"
    )
    ada.get_by_role("button", name="Purge 4 tasks").click()
    expect(ada.get_by_role("status").filter(has_text="4 tasks purged.")).to_be_visible()
    ada.go_back()
    expect(ada.locator(".preview")).to_contain_text("0 tasks")
    expect(ada.get_by_role("link", name="Nothing to do: back")).to_be_visible()
    picture(ada, "bad-luck-2-sent-again", height=480)
    # and the form itself, once more as it was
    answer = ada.request.post(f"{stage.address}{group_page(stage)}/purge", form=form)
    assert "so nothing was changed" in answer.text()
    assert [one.done for one in stage.engine.operations.newest() if one.verb == "purge"] == [4]
    assert stage.engine.trash.size().tasks == 4


def test_a_double_click_without_scripts_runs_nothing_twice(stage, visit, failures):
    page = visit(java_script_enabled=False)
    page.goto(task_page(failures[0]))
    retry_button(page).dblclick()
    expect(page.get_by_text(re.compile(f"is queued again|{MOVED_ON}")).first).to_be_visible()
    wait_until(lambda: outcomes(stage, "retry"), 60, "it is in the trail")
    assert outcomes(stage, "retry").count("done") == 1
    assert stage.sizes(QUEUE) == {"queued": 1, "active": 0, "scheduled": 0, "error": 4}


def type_a_pause(page, reason):
    page.goto(f"/queues/{QUEUE}/error")
    page.get_by_text("Pause…").first.click()
    page.get_by_label("Reason").first.fill(reason)


def press_pause(page):
    page.get_by_role("button", name="Pause", exact=True).last.click()


def log_in(page, name, secret):
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(secret)
    page.get_by_role("button", name="Log in").click()


def test_nothing_typed_is_lost_when_a_session_ends_or_a_token_is_old(stage, ada, failures, picture):
    type_a_pause(ada, "the bank is being moved")
    stage.engine.people.end_sessions(USER)
    press_pause(ada)
    expect(ada.get_by_role("heading", name="You are not logged in")).to_be_visible()
    expect(ada.get_by_text("Nothing was changed.")).to_be_visible()
    expect(ada.get_by_text("What you typed comes back")).to_be_visible()
    picture(ada, "bad-luck-3-session-over", height=480)
    assert stage.engine.control.pause_of(QUEUE) is None
    ada.get_by_role("link", name="Log in and go back").click()
    log_in(ada, USER, PASSWORD)
    expect(ada.get_by_label("Reason").first).to_have_value("the bank is being moved")
    expect(ada.get_by_role("button", name="Pause", exact=True).last).to_be_visible()
    picture(ada, "bad-luck-4-typed-again", height=460)
    press_pause(ada)
    expect(ada.get_by_role("heading", name="Paused")).to_be_visible()
    assert stage.engine.control.pause_of(QUEUE).reason == "the bank is being moved"
    assert trail(stage, "pause") == [(USER, "done")]
    ada.get_by_role("button", name="Resume now").click()
    expect(ada.get_by_role("heading", name="Paused")).to_have_count(0)

    # logged out and in again in another tab: the token of the form is of the session before
    type_a_pause(ada, "once more")
    other = ada.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Log out", exact=True).click()
    log_in(other, USER, PASSWORD)
    other.wait_for_url(f"{stage.address}/")
    press_pause(ada)
    expect(ada.get_by_text("This page was open too long")).to_be_visible()
    assert stage.engine.control.pause_of(QUEUE) is None
    ada.get_by_role("link", name="Back to the page").click()
    expect(ada.get_by_label("Reason").first).to_have_value("once more")
    press_pause(ada)
    expect(ada.get_by_role("heading", name="Paused")).to_be_visible()
    assert stage.engine.control.pause_of(QUEUE).reason == "once more"


def test_a_right_that_was_taken_away_while_a_form_was_open_is_gone(stage, grace, failures, picture):
    type_a_pause(grace, "the bank is being moved")
    stage.engine.people.set_role(SECOND, "viewer")
    press_pause(grace)
    expect(grace.get_by_role("heading", name="You are not logged in")).to_be_visible()
    grace.get_by_role("link", name="Log in and go back").click()
    log_in(grace, SECOND, SECRET)
    expect(grace.get_by_role("heading", name=QUEUE, exact=True)).to_be_visible()
    expect(grace.get_by_text("Pause…")).to_have_count(0)

    # a grant goes without a new login
    stage.engine.people.grant(SECOND, "operator", QUEUE)
    type_a_pause(grace, "the bank is being moved")
    stage.engine.people.revoke(SECOND, QUEUE)
    press_pause(grace)
    expect(grace.get_by_role("heading", name="You may not do this")).to_be_visible()
    expect(grace.get_by_text(f"you are logged in as {SECOND}, viewer")).to_be_visible()
    picture(grace, "bad-luck-5-no-right", height=480)
    assert stage.engine.control.pause_of(QUEUE) is None
    assert trail(stage, "pause") == [(SECOND, "refused")]


def test_what_changed_between_the_preview_and_the_act_is_told(stage, ada, failures, picture):
    ada.goto(f"{group_page(stage)}/retry")
    expect(ada.locator(".preview")).to_contain_text("5 tasks")
    ada.get_by_label("Tasks a second").fill("as fast as you can")
    ada.get_by_label("Reason").fill("the bank is back")
    ada.get_by_role("button", name="Retry 5 tasks").click()
    expect(ada.get_by_text("A rate is a number of tasks a second")).to_be_visible()
    picture(ada, "bad-luck-6-not-a-rate", height=480)
    ada.get_by_role("link", name="Back to the page").click()
    expect(ada.get_by_label("Reason")).to_have_value("the bank is back")
    ada.get_by_label("Tasks a second").fill("")

    # meanwhile a colleague deletes one, and two more fail
    stage.engine.control.delete(QUEUE, "error", failures[0], actor=NIGHT, reason="paid by hand")
    stage.run("worker", "worker", "-m", "tests.journeys.till")
    for number in (6, 7):
        stage.delay("charge", f"A{number}", 100)
    wait_until(lambda: stage.sizes(QUEUE)["error"] == 6, 120, "two more have failed")
    stage.end("worker")
    ada.get_by_role("button", name="Retry 5 tasks").click()
    expect(ada.get_by_role("status").filter(has_text=re.compile("4 tasks retried"))).to_be_visible()
    assert stage.sizes(QUEUE) == {"queued": 4, "active": 0, "scheduled": 0, "error": 2}
    assert trail(stage, "retry") == [(USER, "done")]

    # the page of a task that a colleague has deleted meanwhile
    (first, _) = known(stage, 2)
    ada.goto(task_page(first))
    stage.engine.control.delete(QUEUE, "error", first, actor=NIGHT, reason="paid by hand")
    retry_button(ada).click()
    expect(ada.get_by_role("heading", name=MOVED_ON)).to_be_visible()
    ada.get_by_role("link", name="Back to the page").click()
    expect(ada.get_by_role("heading", name="This task is not here any more")).to_be_visible()
    picture(ada, "bad-luck-7-gone", height=480)
    ada.get_by_role("link", name="Who did what in it").click()
    expect(ada.locator("table.audit tbody tr").filter(has_text="paid by hand").first).to_contain_text("noor")
    assert trail(stage, "retry") == [(USER, "done"), (USER, "failed")]
