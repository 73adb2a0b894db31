"""One command on somebody's TaskTiger: what changes in their Redis, key by key."""

import pytest

from queue_core.text import to_text
from tests.interop import errands
from tests.interop.consoles import PASSWORD, USER, logged_in
from tests.interop.dump import OURS, changed, dumped
from tests.waiting import wait_until

OF_A_CONSOLE = (
    "audit",
    "errors:",
    "lease:observer",
    "secret",
    "sessions",
    "snapshot",
    "stats:",
    "users",
    "worker:",
    "workers",
)
"""What a console that only looks keeps under `x:`, as docs/operations.md says."""

PAGES = (
    "/", "/live", "/status", "/errors/", "/errors/tasks", "/queues/", "/queues/orders/error", "/queues/orders/queued",
    "/queues/orders/scheduled", "/queues/orders/active", "/queues/orders/all/purge", "/queues/orders/all/retry",
    "/queues/orders/export/error", "/queues/orders/export/error/masked.jsonl", "/operations/", "/trash/", "/audit/",
    "/audit/export.jsonl", "/workers/",
)  # fmt: skip


@pytest.fixture
def deployment(tiger, engine, raw, notes):
    """A TaskTiger with something in every state but active, and nobody who works; the id of a failed task."""
    failed = tiger.delay(errands.fail, queue="orders")
    tiger.delay(errands.fail_without, notes, queue="orders")
    with tiger.worker():
        wait_until(lambda: engine.browse.sizes("orders")["error"] == 2, 60)
    tiger.delay(errands.note, notes, "ran", queue="orders")
    tiger.delay(errands.note, notes, "later", queue="orders", when_seconds=3600)
    tiger.delay(errands.note, notes, "overdue", queue="orders", when_seconds=-60)
    engine.people.add(USER, PASSWORD, "admin")
    wait_until(lambda: not raw.keys("t:lockv2:*"), 60, "locks of their worker that ended run out")
    return failed


def look_at_everything(browser, engine, failed):
    seen = engine.audit.page().entries[0].at
    wait_until(lambda: engine.snapshot.read() and engine.snapshot.read().taken_at > seen + 1, 60, "it has counted")
    groups = wait_until(lambda: (found := engine.error_groups.summary()) and found.groups, 60, "it has indexed")
    pages = [*PAGES, f"/queues/orders/tasks/{failed}", f"/queues/orders/tasks/{failed}?whole=yes"]
    for path in [*pages, *(f"/errors/groups/{group.id}" for group in groups)]:
        assert browser.get(path).status == 200, path


def test_a_read_only_console_changes_no_key_of_theirs(deployment, engine, raw, redis_url, tmp_path, tiger, notes):
    before = dumped(raw)
    with logged_in(redis_url, tmp_path / "console.log", "--read-only") as browser:
        look_at_everything(browser, engine, deployment)
        form = browser.get("/").form("/logout")
        for act in (
            f"/queues/orders/tasks/{deployment}/retry", f"/queues/orders/tasks/{deployment}/delete",
            "/queues/orders/pause", "/queues/orders/all/retry", "/queues/orders/export/error/whole.jsonl",
        ):  # fmt: skip
            form.action = browser.address + act
            assert browser.submit(form, reason="no").status == 403, act
        assert dumped(raw) == before
    assert dumped(raw) == before, "nor when it ends"
    ours = {to_text(key).removeprefix(OURS) for key in raw.keys(f"{OURS}*")}
    assert not [key for key in ours if not key.startswith(OF_A_CONSOLE)]
    with tiger.worker():  # and theirs goes on as if it had not been there
        wait_until(lambda: sorted(notes.words) == ["overdue", "ran"], 60)


def test_beyond_that_a_console_changes_what_it_was_told_to(deployment, engine, raw, redis_url, tmp_path):
    before = dumped(raw)
    with logged_in(redis_url, tmp_path / "console.log") as browser:
        look_at_everything(browser, engine, deployment)
        assert dumped(raw) == before
        page = browser.get(f"/queues/orders/tasks/{deployment}")
        assert "notice-done" in browser.submit(page.form(f"/{deployment}/retry")).text
        after = dumped(raw)
    assert changed(before, after) == {"t:error:orders", "t:queued:orders"}
    assert engine.browse.states("orders", deployment) == ["queued"]
