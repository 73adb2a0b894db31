"""axe finds nothing on any page, and none is wider than its window: light and dark, wide and narrow, full and empty."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from werkzeug.routing import AnyConverter

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Engine
from tests.waiting import wait_until

WINDOWS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}
NOT_PAGES = ("/static", "/login", "/healthz", "/audit/export", "/metrics", "/api")
PAGE_MILLISECONDS = 60_000
EMPTY = ["/", "/errors/", "/errors/tasks", "/operations/", "/trash/", "/audit/", "/workers/", "/queues/nobody/error"]


@pytest.fixture
def full(stage):
    """Something of everything; gives what stands in addresses."""
    task = stage.delay("charge", "A1", 100)
    stage.delay("charge", "<img src=x onerror=alert(1)>", 100)
    wait_until(lambda: stage.sizes("payments.eu")["error"] == 2, 15, "two failures")
    stage.engine.control.pause("mail.letters", actor=_actor(), reason="axe looks")
    stage.delay("send_letter", 1)
    operation = stage.engine.operations.start("retry", "payments.eu", "error", actor=_actor(), task_ids=[task.id])
    stage.engine.operations.run_small(operation)
    wait_until(lambda: stage.sizes("payments.eu")["error"] == 2, 15, "it has failed again")
    stage.engine.control.delete("mail.letters", "queued", stage.delay("send_letter", 2).id, actor=_actor())
    wait_until(lambda: stage.counted("payments.eu").error == 2, 10, "they are counted")
    groups = wait_until(lambda: _groups(stage.engine), 30, "the errors are grouped")
    return {
        "queue": "payments.eu",
        "state": "error",
        "task_id": task.id,
        "group_id": groups[0],
        "user": "ada",
        "operation_id": operation.id,
        "search_id": stage.engine.background.start("refused", actor=_actor()).id,
    }


def _groups(engine):
    summary = engine.error_groups.summary()
    return summary and summary.remaining == 0 and [group.id for group in summary.groups]


def _addresses(values):
    """Every address of the console that can be looked at; what has no value here is a page that says it is gone."""
    app = create_app(Engine("redis://localhost:1"), ConsoleSettings())
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.rule.startswith(NOT_PAGES) and not rule.rule.endswith(".jsonl"):
            given = {name: _value(name, rule._converters[name], values) for name in rule.arguments}
            yield adapter.build(rule.endpoint, given, method="GET")


def _value(name, converter, values):
    if isinstance(converter, AnyConverter):
        wanted = values.get(name)
        return wanted if wanted in converter.items else min(converter.items)
    return values.get(name, "gone")


def _actor():
    from queue_core import Actor

    return Actor("ada", "web")


def _violations(page, address):
    page.goto(address, timeout=PAGE_MILLISECONDS)
    # parts of pages have no page around them
    if not page.evaluate("document.title"):
        return []
    result = Axe().run(page)
    faults = [f"{address}: {one['id']}: {one['nodes'][0]['html'][:120]}" for one in result.response["violations"]]
    if beyond := page.evaluate("document.documentElement.scrollWidth - innerWidth"):
        faults.append(f"{address}: {beyond} pixels wider than its window")
    return faults


# several dozen pages, on a machine that may do other things
@pytest.mark.timeout(600)
@pytest.mark.parametrize("window", WINDOWS)
def test_axe_finds_nothing_on_full_pages(full, visit, window):
    page = visit(**WINDOWS[window])
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    addresses = [*dict.fromkeys(_addresses(full)), "/queues/mail.letters/queued", "/no-such-page"]
    assert len(addresses) > 25
    assert [fault for address in addresses for fault in _violations(page, address)] == []


@pytest.mark.parametrize("window", WINDOWS)
def test_axe_finds_nothing_on_empty_pages(visit, window):
    page = visit(**WINDOWS[window])
    assert [fault for address in EMPTY for fault in _violations(page, address)] == []


def test_axe_finds_nothing_on_the_login_page(browser, stage):
    context = browser.new_context(base_url=stage.address)
    assert _violations(context.new_page(), "/login") == []
    context.close()
