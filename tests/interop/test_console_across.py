"""An operator in our console, by HTTP, while workers of TaskTiger do the work."""

import pytest

from tests.interop import errands
from tests.interop.consoles import PASSWORD, USER, logged_in
from tests.waiting import wait_until


@pytest.fixture
def operator(engine, redis_url, tmp_path):
    """A browser, logged in to a console of ours that runs as a process of its own."""
    engine.people.add(USER, PASSWORD, "operator")
    with logged_in(redis_url, tmp_path / "console.log") as browser:
        yield browser


def _act(browser, task_id, verb):
    page = browser.get(f"/queues/orders/tasks/{task_id}")
    answer = browser.submit(page.form(f"/{task_id}/{verb}"))
    # the page that follows may say already that the task is gone
    assert "notice-done" in answer.text, answer.text


def test_a_retry_by_http_runs_on_their_worker(operator, tiger, engine, raw, notes):
    with tiger.worker():
        task_id = tiger.delay(errands.fail_without, notes, queue="orders")
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
        page = operator.get(f"/queues/orders/tasks/{task_id}")
        assert "ValueError" in page.text and "the file is not there yet" in page.text
        notes.path.touch()
        _act(operator, task_id, "retry")
        wait_until(lambda: notes.words == ["ran"] and not raw.keys("t:task:*"), 60)
    newest = engine.audit.page().entries[0]
    assert (newest.verb, newest.actor) == ("retry", USER)


def test_a_deletion_and_a_cancellation_by_http_leave_nothing_of_their_tasks(operator, tiger, engine, raw):
    with tiger.worker():
        failed = tiger.delay(errands.fail, queue="orders")
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
        _act(operator, failed, "delete")
        waiting = tiger.delay(errands.fail, queue="orders", when_seconds=3600)
        _act(operator, waiting, "cancel")
        assert not raw.keys("t:task:*")


def test_the_console_says_what_their_worker_holds_while_it_runs(operator, tiger, raw, notes):
    released = notes.path.with_name("released")
    task_id = tiger.delay(errands.wait_for, notes, released, queue="orders")
    with tiger.worker():
        wait_until(lambda: notes.words == ["begin"], 60)
        assert "active" in operator.get(f"/queues/orders/tasks/{task_id}").text
        released.touch()
        wait_until(lambda: not raw.keys("t:task:*"), 60)
    assert operator.get(f"/queues/orders/tasks/{task_id}").status == 404
