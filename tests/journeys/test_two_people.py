"""What one person does, another one sees; and who may only look can only look."""

import pytest
from playwright.sync_api import expect

from queue_core import Actor
from tests.journeys.stage import USER
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(600)

QUEUE = "payments.eu"
SECOND, SECRET = "grace", "points and signals"
SLOWLY = 60_000
ADA = Actor(USER, "web")


@pytest.fixture
def grace(stage, visit):
    """A second person with that role, in a browser of her own."""

    def enter(role):
        stage.engine.people.add(SECOND, SECRET, role)
        return visit(SECOND, SECRET)

    return enter


def test_a_pause_is_seen_by_the_other_person_with_its_reason_and_its_end_and_lapses(stage, visit, grace, picture):
    page, other = visit(), grace("operator")
    other.goto(f"/queues/{QUEUE}/queued")
    stage.delay("charge", "A1", 100)
    page.goto(f"/queues/{QUEUE}/queued")
    page.get_by_text("Pause…").first.click()
    page.get_by_label("Reason").first.fill("the bank is being moved")
    page.get_by_label("For").first.select_option(index=1)
    page.get_by_role("button", name="Pause", exact=False).last.click()
    expect(page.get_by_role("heading", name="Paused")).to_be_visible(timeout=SLOWLY)

    other.goto("/")
    expect(other.get_by_text("the bank is being moved").first).to_be_visible(timeout=SLOWLY)
    other.goto(f"/queues/{QUEUE}/queued")
    expect(other.get_by_role("heading", name="Paused")).to_be_visible(timeout=SLOWLY)
    expect(other.get_by_text(USER).first).to_be_visible()
    picture(other, "two-people-1-paused", height=440)
    pause = stage.engine.control.pause_of(QUEUE)
    assert (pause.by, pause.reason) == (USER, "the bank is being moved")
    assert pause.until_at > stage.engine.store.now()

    other.get_by_role("button", name="Resume now").click()
    wait_until(lambda: stage.engine.control.pause_of(QUEUE) is None, 60, "the pause has ended")
    page.reload()
    expect(page.get_by_role("heading", name="Paused")).to_have_count(0)
    page.goto("/audit/?verb=resume")
    expect(page.locator("table.audit tbody tr").first).to_contain_text(SECOND)

    # a short one ends by itself, on pages that are open too
    until = stage.engine.store.now() + 5
    stage.engine.control.pause(QUEUE, actor=ADA, reason="five seconds", until=until)
    wait_until(lambda: stage.engine.control.pause_of(QUEUE) is None, 120, "the pause has lapsed")
    other.reload()
    expect(other.get_by_role("heading", name="Paused")).to_have_count(0)
    (stage.folder / "rate").write_text("1.5")
    stage.delay("charge", "A2", 100)
    wait_until(lambda: stage.receipt("A2") == "150.00", 120, "work goes on")


def test_a_viewer_sees_everything_and_can_press_nothing(stage, visit, grace, picture):
    stage.delay("charge", "A1", 100)
    wait_until(lambda: stage.sizes(QUEUE)["error"] == 1, 60, "a failure")
    wait_until(lambda: stage.engine.error_groups.summary() and stage.engine.error_groups.summary().groups, 60)
    wait_until(lambda: stage.counted(QUEUE).error == 1, 60, "it is counted")
    (row,) = stage.engine.browse.page(QUEUE, "error").rows
    group = stage.engine.error_groups.summary().groups[0]
    task = f"/queues/{QUEUE}/tasks/{row.id}"
    page = grace("viewer")
    own = ("/logout", "/logout/everywhere", "/views/", "/account/")
    for address in ("/", "/errors/", f"/errors/groups/{group.id}", f"/queues/{QUEUE}/error", task, "/trash/"):
        page.goto(address)
        assert page.locator("main").is_visible()
        forms = page.locator("form[method=post]").evaluate_all("all => all.map(one => new URL(one.action).pathname)")
        acting = [one for one in forms if not one.startswith(own)]
        buttons = page.locator("main button:visible").all_inner_texts()
        assert not [one for one in buttons if any(word in one for word in ("Retry", "Delete", "Purge", "Pause a"))]
        # a list may lie in a form that has nothing to send it
        for each in acting:
            assert each.endswith(("/selected/delete", "/selected/restore")), acting
    page.goto(f"/queues/{QUEUE}/error")
    picture(page, "two-people-2-viewer", height=440)

    token = page.locator("input[name=csrf_token]").first.input_value()
    forged = {
        f"{task}/retry": {},
        f"{task}/delete": {},
        f"/queues/{QUEUE}/pause": {"reason": "forged"},
        f"/errors/groups/{group.id}/purge": {"not_after": "9e9", "matched": "1"},
    }
    for address, form in forged.items():
        answer = page.request.post(
            f"{stage.address}{address}",
            form={"csrf_token": token, **form},
            headers={"Referer": f"{stage.address}/"},
            max_redirects=0,
        )
        assert answer.status == 403, (address, answer.status)
    refused = [one for one in stage.engine.audit.page(limit=50).entries if one.outcome == "refused"]
    assert len(refused) == len(forged) and {one.actor for one in refused} == {SECOND}
    assert stage.sizes(QUEUE)["error"] == 1
    assert stage.engine.control.pause_of(QUEUE) is None

    mine = visit()
    mine.goto("/audit/?outcome=refused")
    expect(mine.locator("table.audit tbody tr").filter(has_text=SECOND)).to_have_count(len(forged))
    picture(mine, "two-people-3-refusals", height=480)
