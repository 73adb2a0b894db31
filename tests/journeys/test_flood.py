"""Errors of three causes flood twelve queues, and one person puts it right in a browser; with workers of both sides."""

import contextlib
import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from console.presenters import number
from queue_core.operations.record import Outcomes
from tests.interop.tiger import PYTHON, Tiger
from tests.journeys import flood
from tests.journeys.stage import USER, Stage
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(900)

QUEUES = [f"shop.{name}" for name in ["eu", "uk", "us", "ca", "br", "in", "jp", "kr", "au", "nz", "za", "ke"]]
PATIENCE = 1800
"""Forty thousand need it: a TaskTiger worker fails a few dozen a second."""
AT_ONCE = 1000
"""As many calls as one command line holds."""


@dataclass
class Flood:
    """How many tasks fail by each cause, who runs them, and at which rate they are tried again."""

    worker: str
    bank: int
    forms: int
    parcels: int
    rate: int

    @property
    def total(self) -> int:
        return self.bank + self.forms + self.parcels

    @property
    def declined(self) -> int:
        return self.bank // flood.EACH


FLOODS = [
    pytest.param(Flood("ours", bank=1_600, forms=300, parcels=100, rate=800), id="ours"),
    pytest.param(Flood("theirs", bank=250, forms=36, parcels=14, rate=200), id="theirs", marks=pytest.mark.interop),
    pytest.param(
        Flood("ours", bank=32_000, forms=6_000, parcels=2_000, rate=200),
        id="ours-40000",
        marks=[pytest.mark.long, pytest.mark.timeout(3600)],
    ),
    pytest.param(
        Flood("theirs", bank=32_000, forms=6_000, parcels=2_000, rate=200),
        id="theirs-40000",
        marks=[pytest.mark.long, pytest.mark.interop, pytest.mark.timeout(5400)],
    ),
]


@pytest.fixture
def size(request):
    return request.param


@pytest.fixture
def stage(browser, tmp_path, monkeypatch, size):
    """Sweeper, console and a worker of one side, and all the tasks that have failed already."""
    if size.worker == "theirs" and not PYTHON.exists():
        pytest.skip("*** There is no .venv-tasktiger: NOTHING IS TESTED AGAINST TASKTIGER.  bin/test makes it. ***")
    with contextlib.ExitStack() as stack:
        stage = Stage(tmp_path)
        stack.callback(stage.close)
        stage.run("sweeper", "sweeper")
        if size.worker == "ours":
            stage.run("worker", "worker", "-m", "tests.journeys.flood", "--executor", "sync")
            _enqueue_with_ours(stage, size)
        else:
            monkeypatch.setenv("TILL_FOLDER", str(tmp_path))
            tiger = Tiger(stage.server, tmp_path / "tiger.log")
            _enqueue_with_theirs(tiger, size)
            stack.enter_context(tiger.worker(executor="sync"))
        stage.open()
        wait_until(lambda: _errors(stage) == size.total, PATIENCE, "all tasks have failed")
        wait_until(lambda: _known(stage) == size.total, PATIENCE, "all errors are read")
        yield stage


def _calls(size):
    for function, count in (
        (flood.charge, size.bank),
        (flood.read_form, size.forms),
        (flood.send_parcel, size.parcels),
    ):
        yield function, [(number, QUEUES[number % len(QUEUES)]) for number in range(count)]


def _enqueue_with_ours(stage, size):
    for function, calls in _calls(size):
        for order, queue in calls:
            stage.engine.delay(function, [order], queue=queue)


def _enqueue_with_theirs(tiger, size):
    for function, calls in _calls(size):
        name = f"{function.__module__}:{function.__qualname__}"
        each = [{"args": [order], "queue": queue} for order, queue in calls]
        for first in range(0, len(each), AT_ONCE):
            tiger.act("delay_all", function=name, calls=each[first : first + AT_ONCE], options={})


def _errors(stage):
    return sum(stage.sizes(queue)["error"] for queue in QUEUES)


def _known(stage):
    summary = stage.engine.error_groups.summary()
    return summary and not summary.remaining and sum(group.seen for group in summary.groups)


def _known_of(stage, exception):
    (group,) = [one for one in stage.engine.error_groups.summary().groups if one.title.startswith(exception)]
    return group.tasks


@pytest.mark.parametrize("size", FLOODS, indirect=True)
def test_a_flood_is_understood_retried_purged_and_read_back(stage, visit, picture, size):
    page = visit(viewport={"width": 1360, "height": 900})
    _see_three_causes(page, picture)
    (stage.folder / "bank-is-up").touch()
    wait_until(lambda: _known_of(stage, "ConnectionError") == size.bank, PATIENCE, "all of the bank are known")
    operations = _retry_the_bank(page, stage, picture, size)
    _see_what_became_of_them(page, stage, picture, size, operations)
    _purge_the_forms(page, stage, picture, size)
    _restore_ten(page, stage, picture, size)
    _read_it_all_back(page, picture, size)


def _see_three_causes(page, picture):
    page.goto("/errors/")
    expect(page.locator("table.causes tbody tr")).to_have_count(3)
    for exception in ("ConnectionError", "JSONDecodeError", "LookupError"):
        expect(page.get_by_role("link", name=re.compile(exception))).to_be_visible()
    picture(page, "incident-1-causes")


def _open_group(page, exception):
    page.goto("/errors/")
    page.get_by_role("link", name=re.compile(exception)).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(exception)


def _retry_the_bank(page, stage, picture, size):
    """The operations of one act on the newest tasks of the group."""
    known = {one.id for one in stage.engine.operations.newest(limit=200)}
    _open_group(page, "ConnectionError")
    picture(page, "incident-2-group", height=660)
    page.get_by_role("link", name="Retry all").click()
    expect(page.locator(".preview")).to_contain_text("12 queues")
    page.get_by_label("Canary").fill("5")
    page.get_by_label("Failures it may have").fill("1")
    page.get_by_label("Seconds to wait for it").fill(str(PATIENCE))
    page.get_by_label("Tasks a second").fill(str(size.rate))
    page.get_by_label("Reason").fill("the bank is back")
    picture(page, "incident-3-preview")
    page.get_by_role("button", name="Retry", exact=False).last.click()
    page.wait_for_url(re.compile(r"/operations/\w+$"))
    expect(page.get_by_role("heading", name="All 12 queues of this act")).to_be_visible()
    started = [one.id for one in stage.engine.operations.newest(limit=200) if one.id not in known]
    assert len(started) == len(QUEUES)
    wait_until(lambda: _are_over(stage, started), PATIENCE, "all that was retried has come to its end")
    return started


def _are_over(stage, ids):
    operations = list(map(stage.engine.operations.get, ids))
    assert not any(one.paused for one in operations), [one.paused_because for one in operations]
    return all(one.ended and not one.outcomes.waiting for one in operations)


def _outcomes(stage, ids) -> Outcomes:
    found = [stage.engine.operations.get(one).outcomes for one in ids]
    names = ("followed", "succeeded", "failed_same", "failed_other", "failed_unknown", "gone", "moved_on")
    return Outcomes(**{name: sum(getattr(one, name) for one in found) for name in names})


def _see_what_became_of_them(page, stage, picture, size, operations):
    well = size.bank - size.declined
    found = _outcomes(stage, operations)
    assert (found.followed, found.failed_other, found.failed_same) == (size.bank, size.declined, 0), found
    assert (found.succeeded, found.gone) == ((well, 0) if size.worker == "ours" else (0, well)), found
    charged = (stage.folder / "charged").read_text().split()
    assert len(charged) == well and len(set(charged)) == well
    assert _errors(stage) == size.total - well

    # the page shows what the engine says of the last act
    last = stage.engine.operations.together(stage.engine.operations.get(operations[-1])).outcomes
    words = "succeeded" if size.worker == "ours" else "gone, presumably succeeded"
    together = page.get_by_role("region", name="All 12 queues of this act")
    expect(together.get_by_text(f"{number(last.succeeded + last.gone)} {words}").first).to_be_visible(timeout=60_000)
    expect(together.get_by_text("CardDeclined").first).to_be_visible(timeout=60_000)
    picture(page, "incident-4-outcomes", height=690)


def _purge_the_forms(page, stage, picture, size):
    _open_group(page, "JSONDecodeError")
    page.get_by_text("Danger…").first.click()
    page.get_by_role("link", name="Purge the group").click()
    expect(page.locator(".preview")).to_contain_text(f"{number(size.forms)} tasks in 12 queues")
    page.get_by_label("Reason").fill("these are no forms")
    if page.locator("#typed").count():
        page.locator("#typed").fill(str(size.forms))
    picture(page, "incident-5-purge")
    page.get_by_role("button", name=re.compile("^Purge")).click()
    wait_until(lambda: stage.engine.trash.size().tasks == size.forms, PATIENCE, "the forms are in the trash")
    assert _errors(stage) == size.declined + size.parcels


def _restore_ten(page, stage, picture, size):
    page.goto("/trash/")
    rows = page.locator("table.tasks tbody tr")
    for at in range(10):
        rows.nth(at).get_by_role("checkbox").check()
    picture(page, "incident-6-trash", height=580)
    page.get_by_role("button", name="Restore selected").click()
    expect(page.get_by_role("status").filter(has_text="10")).to_be_visible()
    assert stage.engine.trash.size().tasks == size.forms - 10
    assert _errors(stage) == size.declined + size.parcels + 10


def _read_it_all_back(page, picture, size):
    rows = page.locator("table.audit tbody tr")
    page.goto(f"/audit/?actor={USER}")
    expect(rows.filter(has_text="restore")).to_have_count(10)
    expect(rows.filter(has_text="these are no forms").first).to_be_visible()
    picture(page, "incident-7-audit", height=640)
    for verb, reason, count in (
        ("retry", "the bank is back", len(QUEUES)),
        ("purge", "these are no forms", len(QUEUES)),
    ):
        page.goto(f"/audit/?actor={USER}&verb={verb}")
        expect(rows.filter(has_text=reason)).to_have_count(count)
