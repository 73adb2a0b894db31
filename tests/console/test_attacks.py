"""Requests and records that were made to hurt: each route in turn, nothing changes and nothing breaks."""

import json
import math

import pytest

from console import refusals
from queue_core import Actor
from queue_core.duties import Duties
from tests.console import seed

ANN = Actor("ann", "command line")
HUGE = 10**400
NOT_ABOUT_TASKS = {"login", "password", "account", "people", "api"}
ODD_JSON = [b"null", b"[]", b'"x"', b"7", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 3000, b"NaN"]


@pytest.fixture
def places(engine):
    """Something in every state, paused, with an operation: what a route's address is made of."""
    (failed,) = seed.failed(engine, "mail", args=["failed"])
    for state_of in (seed.queued, seed.active):
        state_of(engine, "mail", **({"args": ["queued"]} if state_of is seed.queued else {}))
    engine.control.pause("mail", actor=ANN, reason="gateway is down")
    operation = engine.operations.start("retry", "mail", "error", actor=ANN, task_ids=["gone"])
    engine.workers.register("w1", {"kind": "worker", "running": [{"id": failed, "queue": "mail"}]})
    engine.snapshot.take()
    list(Duties(engine).index_errors())
    (group,) = engine.error_groups.summary().groups
    return {
        "queue": "mail",
        "task_id": failed,
        "operation_id": operation.id,
        "search_id": engine.background.start("refused", actor=ANN).id,
        "entry_id": engine.control.delete("bin", "queued", seed.queued(engine, "bin", args=["x"])[0], actor=ANN),
        "state": "error",
        "group_id": group.id,
        "verb": "retry",
        "worker_id": "w1",
        "hold_id": "none",
        "function": "tests.console.seed:charge",
        "what": "errors",
        "kind": "shift",
    }


def routes(app, method):
    """All routes of tasks and queues that take `method`: no files, no login, nothing about people, and not the API."""
    rules = [rule for rule in app.url_map.iter_rules() if method in rule.methods]
    parts = [(rule, rule.endpoint.partition(".")[0]) for rule in rules]
    return [rule for rule, part in parts if part not in NOT_ABOUT_TASKS and "static" not in rule.endpoint]


def address(app, rule, places, method):
    values = {name: places[name] for name in rule.arguments} | ({"state": "queued"} if "clear" in rule.rule else {})
    if rule.endpoint.startswith("workers.") and "verb" in values:
        values["verb"] = "quiet"
    return app.url_map.bind("localhost").build(rule.endpoint, values, method=method)


def written(raw):
    """All that Redis holds, the audit trail apart."""
    return {key: raw.dump(key) for key in raw.scan_iter() if key != b"t:x:audit"}


FORM = {"state": "error", "reason": "attack", "to_queue": "elsewhere", "seconds": "60", "not_after": "9e9", "task": "x"}


def test_no_address_changes_anything_by_being_looked_at(app, raw, operator, places):
    before = written(raw), raw.xlen("t:x:audit")
    for rule in routes(app, "GET"):
        answer = operator.get(address(app, rule, places, "GET"))
        assert answer.status_code < 400, rule
    assert (written(raw), raw.xlen("t:x:audit")) == before


def test_no_act_is_done_without_the_token_of_the_session(app, raw, operator, places):
    operator.token = "forged"
    before, trail = written(raw), raw.xlen("t:x:audit")
    for rule in routes(app, "POST"):
        answer = operator.post(address(app, rule, places, "POST"), FORM)
        operator.token = "forged"
        assert answer.status_code == 400, rule
    assert (written(raw), raw.xlen("t:x:audit")) == (before, trail)


def test_no_act_is_done_for_a_viewer_and_each_refusal_is_recorded(app, engine, raw, viewer, places, monkeypatch):
    monkeypatch.setattr(refusals, "MOST_A_MINUTE", 1000)
    # what a viewer saves for themselves is nobody else's, and a file of what one may see changes nothing
    open_to_all = ("/views/mine/", "/queues/<name:queue>/export/")
    before, rules = written(raw), [one for one in routes(app, "POST") if not one.rule.startswith(open_to_all)]
    for rule in rules:
        viewer.get("/")
        answer = viewer.post(address(app, rule, places, "POST"), FORM)
        assert answer.status_code == 403, rule
    assert written(raw) == before
    refused = [entry for entry in engine.audit.page(limit=200).entries if entry.outcome == "refused"]
    assert len(refused) == len(rules)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\r\nSet-Cookie: a=b", "/\\evil.example"]
)
def test_no_form_leads_to_another_site_or_writes_a_header(operator, places, target):
    operator.get("/")
    answer = operator.post("/queues/mail/resume", {"back": target})
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Set-Cookie: a=b" not in str(answer.headers)


@pytest.mark.parametrize(
    "query",
    [
        "cursor=after:nan:00", "cursor=after:1e999:", "cursor=before:-inf:ff", "cursor=after:1:" + "00" * 4000,
        "cursor=" + "9" * 6000, "cursor=-1", "cursor=%00%0d%0a", "since=nan", "since=-inf", "since=1e999",
        "older_than=" + "9" * 5000, "older_than=-1", "open=" + "a." * 4000, "q=" + "%FF" * 2000, "queue=~FF", "page=-1",
    ],
)  # fmt: skip
def test_no_query_breaks_a_page(app, operator, places, query):
    for rule in routes(app, "GET"):
        answer = operator.get(f"{address(app, rule, places, 'GET')}?{query}")
        assert answer.status_code in (200, 303, 302, 304, 400), (rule, query)


@pytest.mark.parametrize("payload", ODD_JSON)
def test_no_payload_execution_or_record_breaks_a_page(app, raw, operator, places, payload):
    task_id = places["task_id"]
    raw.set(f"t:task:{task_id}", payload)
    raw.rpush(f"t:task:{task_id}:executions", payload)
    raw.hset("t:x:pauses", "mail", payload)
    raw.zadd("t:x:workers", {"w2": 9e15})
    raw.set("t:x:worker:w2", payload)
    raw.xadd("t:x:audit", {"act": payload})
    for rule in routes(app, "GET"):
        assert operator.get(address(app, rule, places, "GET")).status_code < 400, rule


ODD_VALUES = [None, True, HUGE, math.nan, math.inf, -1e308, "", "\ud800", "<b>", [[]], {"a": {}}, ["x", {}]]


@pytest.mark.parametrize("value", ODD_VALUES, ids=lambda value: repr(value)[:12])
def test_no_value_of_a_record_breaks_a_page(app, raw, operator, places, value):
    task_id = places["task_id"]

    def record(*names):
        return json.dumps(dict.fromkeys(names, value))

    raw.set(f"t:task:{task_id}", record("id", "func", "args", "kwargs", "time_last_queued", "retry_method", "lock_key"))
    raw.rpush(
        f"t:task:{task_id}:executions",
        record("time_started", "time_failed", "exception_name", "host", "traceback", "x", "more"),
    )
    raw.hset("t:x:pauses", "mail", record("by", "door", "reason", "since_at", "until_at"))
    raw.zadd("t:x:workers", {"w2": 9e15})
    raw.set("t:x:worker:w2", record("kind", "host", "pid", "queues", "exclude", "running", "started_at"))
    raw.xadd(
        "t:x:audit", {"act": record("verb", "actor", "door", "queue", "task_id", "operation_id", "reason", "facts")}
    )
    raw.xadd("t:x:audit", {"act": json.dumps({"facts": {"until_at": value, "x": value}, "actor": "\ud800"})})
    raw.zadd("t:x:operations:running", {"odd": 1})
    raw.zadd("t:x:operations", {"odd": 1})
    raw.hset(
        "t:x:operation:odd",
        mapping={
            "record": record(
                "verb", "queue", "state", "actor", "door", "reason", "created_at", "not_after", "selected"
            ),
            "status": "running",
            "matched": 1,
            "done": 0,
            "skipped": 0,
        },
    )
    for rule in routes(app, "GET"):
        assert operator.get(address(app, rule, places, "GET")).status_code < 400, rule


@pytest.mark.parametrize("score", ["inf", "-inf", "1e300", "-1e300", "0"])
def test_no_score_breaks_a_page(app, engine, raw, operator, places, score):
    for state in ("queued", "active", "scheduled", "error"):
        raw.zadd(f"t:{state}:mail", dict.fromkeys(raw.zrange(f"t:{state}:mail", 0, -1) or ["x"], score))
    engine.snapshot.take()
    for rule in routes(app, "GET"):
        answer = operator.get(address(app, rule, places, "GET"))
        assert answer.status_code < 400, rule
        assert max(map(len, answer.get_data(as_text=True).split())) < 300, rule


def test_a_traceback_of_five_megabytes_is_cut_and_can_be_read_whole(raw, operator, places):
    task_id, frame = places["task_id"], '  File "/srv/<b>.py", line 1, in f\n    g()\n'
    traceback = f"Traceback (most recent call last):\n{frame * 120_000}shop.errors:GatewayDown: <i>gone</i>\n"
    record = {"time_started": 1, "time_failed": 2, "exception_name": "shop.errors:GatewayDown", "traceback": traceback}
    raw.rpush(f"t:task:{task_id}:executions", json.dumps(record))
    for path, most in (
        ("/errors/tasks", 100_000),
        ("/queues/mail/error", 100_000),
        (f"/queues/mail/tasks/{task_id}", 100_000),
    ):
        assert len(operator.get(path).data) < most, path
    whole = operator.get(f"/queues/mail/tasks/{task_id}?whole=yes").get_data(as_text=True)
    assert len(whole) > 5_000_000
    assert "<b>" not in whole.split('class="traceback"')[1].split("</pre>")[0]
