"""Whatever Redis holds, on every page of the console, in a real browser: it is shown, and it does nothing."""

import json
import time

import pytest

from console import create_app
from console.converters import to_segment
from console.settings import ConsoleSettings
from queue_core import Actor, Engine
from tests.journeys.stage import USER
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(400)
"""A real browser opens hundreds of pages."""

MARKUP = "</code></pre></textarea></title><script>alert(1)</script><img data-hostile src=x onerror=alert(2)>"
TEXTS = {
    "markup": MARKUP,
    "attributes": "\" autofocus onfocus=alert(3) data-hostile='1' x='",
    "templates": "{{ 7*7 }}{% for a in b %}${7*7}#{7*7}<%= 7*7 %>",
    "addresses": "javascript:alert(4)",
    "controls": "a\x00b\x07c\x1b[31md\x7f\r\n\t\x85\u2028",
    "directions": "\u202egnp.exe\u2066\u2069\u200f",
    "odd": "/ : * [ { % # ? \\ ~ & + .. %2e%2e %00",
    "long": "x" * 5000,
}
QUEUES = (
    "plain",
    "a/b:c*d[e{f%g#h?i\\j k",
    "..",
    " ",
    "{{ 7*7 }}{% raw %}",
    MARKUP,
    "dotted.\u202eevil.\x00nul\x1b",
    "bad\udcff\udc80bytes",
    "q" * 3000,
)
BAD_BYTES = b"\xff\xfe\x80 not text \x00"
BAD_ID = "\udcff\udc80"
FAR = 9_000_000_000.0
EXPORTS = ("/audit/export",)
NOT_PAGES = ("/static", "/login", "/password", "/api")
PAGE_MILLISECONDS = 240_000
"""Twenty megabytes of text in one page take a browser its time where others are busy too."""


def _executions(text):
    record = {
        "time_started": 1.0,
        "time_failed": "soon",
        "exception_name": text,
        "host": text,
        "success": text,
        "x": text,
    }
    traceback = f'Traceback (most recent call last):\n  File "{text}", line 1, in {text}\n    {text}\n{text}: {text}\n'
    return [
        b"{",
        BAD_BYTES,
        json.dumps(record).encode(),
        json.dumps(record | {"traceback": traceback, text: text}).encode(),
    ]


def _corpus():
    """(queue, task id, payload, executions) of each hostile task."""
    for name, text in TEXTS.items():
        arguments = {
            "func": text,
            "args": [text],
            "kwargs": {text: text},
            "lock_key": [text],
            "x": {"edited_from": text},
        }
        task_id = f"{name} {text[:200]}"
        yield "plain", task_id, json.dumps({"id": task_id, **arguments}).encode(), _executions(text)
    for queue in QUEUES:
        yield queue, "in " + queue[:100], json.dumps({"id": "in " + queue[:100], "func": "app:run"}).encode(), []
    yield "plain", "bytes", BAD_BYTES, [BAD_BYTES]
    yield "plain", "null", b"null", [b"null", b"[]"]
    yield "plain", "deep", b"[" * 100_000, [b"[" * 100_000]
    yield (
        "plain",
        "ten megabytes",
        json.dumps({"id": "ten megabytes", "func": "a:b", "args": ["<b>" * 3_500_000]}).encode(),
        [],
    )
    lines = '  File "<script>alert(5)</script>", line 1, in f\n    f()\n' * 25_000 + "app:Deep: \u202e<b>end</b>"
    record = {"time_started": 1.0, "time_failed": 2.0, "exception_name": "app:Deep", "traceback": lines}
    yield "plain", "long traceback", b'{"id": "long traceback", "func": "a:b"}', [json.dumps(record).encode()] * 2


@pytest.fixture
def places(stage):
    """The corpus in Redis, and for each route the values to visit it with."""
    stage.end("worker")
    store, actor = stage.engine.store, Actor(MARKUP[:100], "web")
    for queue, task_id, payload, executions in _corpus():
        _put(store, queue, task_id, payload, executions)
    for queue in QUEUES:
        store.client.sadd(store.keys.names("scheduled"), _raw(queue))
        store.client.zadd(store.keys.state("scheduled", queue), {b"later": FAR})
    operation = stage.engine.operations.start("retry", MARKUP, "error", actor=actor, reason=MARKUP, task_ids=["gone"])
    for text in TEXTS.values():
        stage.engine.audit.record(text, actor=Actor(text, text), queue=text, task_id=text, reason=text, fact=text)
    for queue in QUEUES[1:4]:
        stage.engine.control.pause(queue, actor=actor, reason=MARKUP)
        stage.engine.holds.hold_function(MARKUP, queue=queue, actor=actor, reason=MARKUP)
    _put_worker(store)
    wait_until(lambda: set(QUEUES) <= set(stage.engine.snapshot.read().queues), 15, "every queue is counted")
    groups = wait_until(lambda: _groups(stage.engine), 30, "the errors are grouped")
    return {
        "groups": groups,
        "operation_id": operation.id,
        "search_id": stage.engine.background.start("queue:* -nowhere", actor=actor, reason=MARKUP).id,
        "tasks": [(queue, task_id) for queue, task_id, _, _ in _corpus()],
    }


def _groups(engine):
    summary = engine.error_groups.summary()
    return summary and summary.remaining == 0 and [group.id for group in summary.groups]


def _put(store, queue, task_id, payload, executions):
    keys, client = store.keys, store.client
    client.sadd(keys.names("error"), _raw(queue))
    client.zadd(keys.state("error", queue), {_raw(task_id): time.time()})
    client.set(keys.payload(task_id), payload)
    if executions:
        client.rpush(keys.executions(task_id), *executions)


def _put_worker(store):
    """A worker that says whatever it likes, and never falls silent."""
    running = [{"id": one, "queue": queue, "func": MARKUP} for queue in QUEUES for one in (MARKUP, BAD_ID)]
    recurring = [{"func": MARKUP, "queue": queue, "id": BAD_ID, "schedule": MARKUP} for queue in QUEUES]
    facts = dict.fromkeys(("host", "pid", "version", "executor"), MARKUP) | {"kind": "worker", "running": running}
    store.client.set(
        store.keys.worker(MARKUP),
        json.dumps(facts | {"queues": [MARKUP], "memory_bytes": 1e308, "recurring": recurring}),
    )
    store.client.zadd(store.keys.workers(), {_raw(MARKUP): FAR})
    store.client.hset(store.keys.orders(MARKUP), "kill", json.dumps(dict.fromkeys(("by", "reason", "at"), MARKUP)))


def _raw(name):
    return name.encode("utf-8", "surrogateescape")


def _addresses(places):
    """Every address of the console that can be looked at, for every queue and task of the corpus."""
    app = create_app(Engine("redis://localhost:1"), ConsoleSettings())
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not rule.rule.startswith(NOT_PAGES)]
    adapter = app.url_map.bind("localhost")
    for rule in rules:
        for values in _values(rule, places):
            yield adapter.build(rule.endpoint, values, method="GET")


def _values(rule, places):
    state = {"state": "scheduled" if "clear" in rule.rule else "error"} if "state" in rule.arguments else {}
    if "group_id" in rule.arguments:
        verb = {"verb": "purge"} if "verb" in rule.arguments else {}
        return [{"group_id": group_id, **verb} for group_id in places["groups"]]
    if "worker_id" in rule.arguments:
        return [{"worker_id": MARKUP, "queue": queue, "task_id": BAD_ID} for queue in QUEUES]
    if "what" in rule.arguments:
        return [{"what": "errors"}]
    if "task_id" in rule.arguments:
        return [{"queue": queue, "task_id": task_id} for queue, task_id in places["tasks"]]
    if "function" in rule.arguments:
        return [{"function": name} for name in QUEUES]
    if "user" in rule.arguments:
        return [{"user": USER}]
    if "queue" in rule.arguments:
        return [{"queue": queue, **state} for queue in QUEUES]
    if "kind" in rule.arguments:
        return [{"kind": kind} for kind in ("shift", "spread", "at", "now")]
    if records := rule.arguments & {"search_id", "operation_id"}:
        return [{name: places[name] for name in records}]
    return [{"verb": "retry"} if "verb" in rule.arguments else {}]


def _look(page, address, faults):
    if address.startswith(EXPORTS) or address.endswith(".jsonl"):
        assert page.request.get(address).status == 200, address
        return
    answer = page.goto(address, timeout=PAGE_MILLISECONDS)
    if answer.status >= 400:
        faults.append(f"{answer.status} at {address[:200]}")
    if found := page.evaluate("document.querySelectorAll('[data-hostile], main script, main b b').length"):
        faults.append(f"{found} foreign elements at {address[:200]}")


@pytest.fixture
def watched(visit):
    """A window in which nothing may open a dialog or break the content policy."""
    page, faults = visit(), []
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective))"
    )
    page.on("dialog", lambda dialog: (faults.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
    return page, faults


def test_no_page_lets_hostile_data_do_anything(places, watched):
    page, faults = watched
    addresses = list(dict.fromkeys(_addresses(places)))
    assert len(addresses) > 100
    for address in addresses:
        _look(page, address, faults)
    assert faults == []


@pytest.mark.timeout(600)
def test_filters_and_whole_views_let_hostile_data_do_nothing(places, watched):
    page, faults = watched
    segment = to_segment
    _look(page, f"/queues/plain/tasks/{segment('long traceback')}?whole=yes", faults)
    _look(page, f"/queues/plain/tasks/{segment('ten megabytes')}?whole=yes", faults)
    for text in (MARKUP, TEXTS["attributes"], TEXTS["templates"]):
        page.goto("/errors/tasks")
        page.get_by_label("Errors of all queues in which").fill(text)
        page.locator("main").get_by_role("button", name="Search").click()
        page.goto("/audit/?" + "actor=%22%3E%3Cscript%3Ealert(6)%3C/script%3E&verb=%7B%7B7*7%7D%7D")
    assert faults == []
