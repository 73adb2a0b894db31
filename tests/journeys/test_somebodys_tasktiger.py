"""Somebody's TaskTiger, and one console beside it: an incident from end to end, and what that changed in Redis."""

import contextlib
import re

import pytest
import redis
from playwright.sync_api import expect

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Engine
from tests.interop.dump import changed, dumped
from tests.interop.tiger import PYTHON, Tiger
from tests.journeys import flood
from tests.journeys.stage import USER, Stage
from tests.waiting import wait_until

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

EU, UK = "shop.eu", "shop.uk"
CHARGED, FORMS = 12, 3
PATIENCE, SLOWLY = 180, 120_000
LOCKS = ("t:lock*", "t:schedule*")
OF_ONESELF = ("/login", "/logout", "/account", "/views", "/api", "/static")
"""Addresses that act on nobody's tasks."""


@pytest.fixture
def stage(browser, tmp_path, monkeypatch):
    """A Redis with a TaskTiger deployment alone: no worker and no sweeper of ours, and no console yet."""
    if not PYTHON.exists():
        pytest.skip("*** There is no .venv-tasktiger: NOTHING IS TESTED AGAINST TASKTIGER.  bin/test makes it. ***")
    monkeypatch.setenv("TILL_FOLDER", str(tmp_path))
    with contextlib.closing(Stage(tmp_path)) as stage:
        yield stage


@pytest.fixture
def raw(stage):
    with redis.Redis.from_url(stage.server.url) as client:
        yield client


@pytest.fixture
def tiger(stage, raw, tmp_path):
    """Their side, whose tasks of two causes have failed; its worker has ended."""
    tiger = Tiger(stage.server, tmp_path / "tiger.log")
    for function, calls in (
        (flood.charge, [(number, EU if number % 3 else UK) for number in range(CHARGED)]),
        (flood.read_form, [(number, EU) for number in range(FORMS)]),
    ):
        name = f"{function.__module__}:{function.__qualname__}"
        each = [{"args": [order], "queue": queue} for order, queue in calls]
        tiger.act("delay_all", function=name, calls=each, options={})
    with working(tiger, raw):
        wait_until(lambda: errors(stage) == CHARGED + FORMS, PATIENCE, "all have failed")
    return tiger


@contextlib.contextmanager
def working(tiger, raw, **options):
    """Their worker; afterwards its locks have run out."""
    with tiger.worker(executor="sync", **options):
        yield
    wait_until(lambda: not any(raw.keys(pattern) for pattern in LOCKS), PATIENCE, "its locks run out")


def errors(stage):
    return sum(stage.sizes(queue)["error"] for queue in (EU, UK))


def all_known(stage):
    summary = stage.engine.error_groups.summary()
    return summary and not summary.remaining and sum(group.tasks for group in summary.groups) == errors(stage)


def test_a_console_beside_it_helps_from_the_first_look_to_the_restored_task(stage, tiger, raw, visit, picture):
    before = dumped(raw)
    stage.open()
    page = visit(viewport={"width": 1360, "height": 900})
    wait_until(lambda: all_known(stage), PATIENCE, "the console's observer has read their errors")
    _look(page, picture)
    assert dumped(raw) == before, "looking changes no key of theirs"

    task_id = _retry_one(page, stage)
    assert changed(before, dumped(raw)) == {f"t:error:{EU}", f"t:queued:{EU}", "t:queued"}
    (stage.folder / "bank-is-up").touch()
    with working(tiger, raw):
        wait_until(lambda: not stage.engine.browse.states(EU, task_id), PATIENCE, "it has succeeded")
        _retry_the_group(page, stage, picture)
    assert errors(stage) == FORMS
    charged = (stage.folder / "charged").read_text().split()
    assert sorted(map(int, charged)) == list(range(CHARGED)), "each is charged once"
    left = dumped(raw)
    gone = {key for key in before if key.startswith("t:task:")} - left.keys()
    assert changed(before, left) - gone == {f"t:error:{EU}", f"t:error:{UK}", "t:error"}
    assert len({key.split(":")[2] for key in gone}) == CHARGED, "all keys of the tasks that succeeded, and no other"

    _pause(page, stage, picture)
    assert changed(left, dumped(raw)) == set(), "a pause that was lifted leaves nothing"
    _purge_and_restore(page, stage, picture)
    assert dumped(raw) == left, "what was purged and restored is as it was, to the byte"
    page.goto("/workers/")
    expect(page.get_by_text("TaskTiger workers do not register")).to_be_visible()
    picture(page, "tasktiger-6-workers", height=420)


def _look(page, picture):
    page.goto("/")
    expect(page.locator("dl.figures .figure", has_text="Errors").locator("dd").first).to_have_text(str(CHARGED + FORMS))
    page.goto("/queues/")
    expect(page.get_by_role("link", name=EU).first).to_be_visible()
    page.goto("/errors/")
    expect(page.locator("table.causes tbody tr")).to_have_count(2)
    picture(page, "tasktiger-1-causes", height=560)
    page.get_by_role("link", name=re.compile("ConnectionError")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("ConnectionError")
    expect(page.locator("pre", has_text="the bank refused order").first).to_be_visible()
    picture(page, "tasktiger-2-group", height=660)


def _retry_one(page, stage):
    page.goto(f"/queues/{EU}/error")
    page.locator("tbody tr", has_text="flood:charge").first.get_by_role("link").first.click()
    expect(page.locator("pre", has_text="Traceback").first).to_contain_text("the bank refused order")
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="is queued again")).to_be_visible()
    (row,) = stage.engine.browse.page(EU, "queued").rows
    return row.id


def _retry_the_group(page, stage, picture):
    page.goto("/errors/")
    page.get_by_role("link", name=re.compile("ConnectionError")).click()
    page.get_by_role("link", name="Retry all").click()
    expect(page.locator(".preview")).to_contain_text("2 queues")
    page.get_by_label("Canary").fill("2")
    page.get_by_label("Seconds to wait for it").fill(str(PATIENCE))
    page.get_by_label("Reason").fill("the bank is back")
    picture(page, "tasktiger-3-canary")
    page.get_by_role("button", name=re.compile("^Retry")).last.click()
    page.wait_for_url(re.compile(r"/operations/\w+$"))

    def are_over():
        found = [one for one in stage.engine.operations.newest() if one.verb == "retry"]
        return all(one.ended and not one.outcomes.waiting for one in found) and sum(one.done for one in found)

    assert wait_until(are_over, PATIENCE, "all of the group have come to their end") == CHARGED - 1
    expect(page.get_by_text("gone, presumably succeeded").first).to_be_visible(timeout=SLOWLY)
    page.reload()
    picture(page, "tasktiger-4-outcomes", height=640)


def _pause(page, stage, picture):
    page.goto(f"/queues/{EU}/error")
    page.get_by_text("Pause…").first.click()
    expect(page.get_by_text(re.compile("TaskTiger workers without -M"))).to_be_visible()
    page.get_by_label("Reason").first.fill("a fix ships")
    picture(page, "tasktiger-5-pause", height=480)
    page.get_by_role("button", name="Pause", exact=True).last.click()
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    assert stage.engine.control.pause_of(EU).reason == "a fix ships"
    page.get_by_role("button", name="Resume now").click()
    expect(page.get_by_role("heading", name="Paused")).to_have_count(0)


def _purge_and_restore(page, stage, picture):
    page.goto("/errors/")
    page.get_by_role("link", name=re.compile("JSONDecodeError")).click()
    page.get_by_text("Danger…").first.click()
    page.get_by_role("link", name="Purge the group").click()
    page.get_by_label("Reason").fill("these are no forms")
    page.get_by_role("button", name=f"Purge {FORMS} tasks").click()
    expect(page.get_by_role("status").filter(has_text=f"{FORMS} tasks purged.")).to_be_visible()
    assert errors(stage) == 0
    page.goto("/trash/")
    page.get_by_label("Tick all on this page").check()
    page.get_by_role("button", name="Restore selected").click()
    expect(page.get_by_role("status").filter(has_text=f"{FORMS} tasks restored.")).to_be_visible()
    assert errors(stage) == FORMS


def test_a_read_only_console_shows_every_page_refuses_every_act_and_changes_no_key(stage, tiger, raw, visit, picture):
    before = dumped(raw)
    stage.open("--read-only")
    page = visit(may_fail=True, viewport={"width": 1360, "height": 900})
    wait_until(lambda: all_known(stage), PATIENCE, "the console's observer has read their errors")
    places = _places(stage)
    looked = [(address, _status(page, address)) for address in _addresses("GET", places)]
    assert len(looked) > 40 and not [one for one in looked if one[1] >= 500], looked
    page.goto(f"/queues/{EU}/error")
    expect(page.get_by_text("Read-only console").first).to_be_visible()
    expect(page.locator("main").get_by_role("button", name=re.compile("Retry|Pause|Delete"))).to_have_count(0)
    picture(page, "tasktiger-7-read-only", height=560)
    assert dumped(raw) == before

    token = page.locator("input[name=csrf_token]").first.input_value()
    headers = {"Referer": f"{stage.address}/"}
    faults = []
    filled = {"reason": "no", "not_after": "9e9", "to_queue": "elsewhere"}
    for address in _addresses("POST", places):
        form = filled | {"csrf_token": token, "task": _ticked(address, places["task_id"])}
        answer = page.request.post(f"{stage.address}{address}", form=form, headers=headers, max_redirects=0)
        # a file of what the page shows is no act; what is not there may be told before the refusal
        allowed = {200} if address.endswith("/selected.jsonl") else {403, 409} if "/gone/" in address else {403}
        if answer.status not in allowed:
            faults.append((address, answer.status))
    assert faults == []
    assert dumped(raw) == before
    assert {one.outcome for one in stage.engine.audit.page(limit=200).entries if one.verb != "login"} == {"refused"}
    stage.end("console")
    assert dumped(raw) == before, "nor when it ends"


def _status(page, address):
    return (page.request.get if "/export" in address else page.goto)(address).status


def _ticked(address, task_id):
    """The box of a row: a list over several queues, or states, names them too."""
    before = {"/errors/": f"{EU}/", "/tasks/": f"error/{EU}/"}
    return next((place for page, place in before.items() if address.startswith(page)), "") + task_id


def _places(stage):
    group = stage.engine.error_groups.summary().groups[0].id
    (row, *_) = stage.engine.browse.page(EU, "error").rows
    return {"queue": EU, "task_id": row.id, "group_id": group, "user": USER, "function": "a:b", "what": "errors"}


def _addresses(method, places):
    app = create_app(Engine("redis://localhost:1"), ConsoleSettings())
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if method not in rule.methods or rule.rule.startswith(OF_ONESELF):
            continue
        yield adapter.build(rule.endpoint, {name: _value(rule, name, places) for name in rule.arguments}, method=method)


def _value(rule, name, places):
    choices = getattr(rule._converters[name], "items", None)
    if choices:
        return "error" if "error" in choices else min(choices)
    return places.get(name, "gone")
