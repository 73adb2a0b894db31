"""Who may act on some queues only: every act on another one is refused, and nothing of it is done."""

import pytest

from queue_core import Actor
from queue_core.duties import Duties
from tests.console import seed
from tests.console.visitor import PASSWORD, Visitor

SOMEBODY = Actor("ann", "command line")


@pytest.fixture
def gina(granted):
    """A viewer who is operator on billing."""
    return granted("billing")


def text(answer):
    return answer.get_data(as_text=True)


def refused(answer, *queues):
    """Whether the answer refuses the act and names these queues as what is missing."""
    needed = text(answer).partition("This needs the role operator")[2].partition("; you are")[0]
    return answer.status_code == 403 and needed == (f" on {', '.join(queues)}" if queues else " on all queues")


def newest(engine):
    return engine.audit.page().entries[0]


# -- one queue --
@pytest.mark.parametrize("queue", ["billing", "billing.eu"])
def test_an_act_on_the_granted_queue_and_its_subqueues_is_done(engine, gina, queue):
    (task_id,) = seed.failed(engine, queue)
    assert gina.post(f"/queues/{queue}/tasks/{task_id}/retry").status_code == 303
    assert engine.browse.states(queue, task_id) == ["queued"]


@pytest.mark.parametrize("queue", ["billings", "mail", "eu.billing"])
def test_an_act_on_another_queue_is_refused_and_recorded(engine, gina, queue):
    (task_id,) = seed.failed(engine, queue)
    answer = gina.post(f"/queues/{queue}/tasks/{task_id}/retry")
    assert refused(answer, queue)
    assert "logged in as gina, viewer, and operator on billing" in text(answer)
    assert engine.browse.states(queue, task_id) == ["error"]
    entry = newest(engine)
    assert (entry.verb, entry.outcome, entry.actor, entry.queue) == ("retry", "refused", "gina", queue)
    assert entry.facts == {"needed_role": "operator"}


def test_a_grant_that_is_revoked_ends_with_the_next_request(engine, gina):
    (task_id,) = seed.failed(engine, "billing")
    engine.people.revoke("gina", "billing")
    assert gina.post(f"/queues/billing/tasks/{task_id}/retry").status_code == 403


def test_a_task_is_not_moved_into_a_queue_of_others_nor_out_of_it(engine, gina):
    (mine,), (theirs,) = seed.failed(engine, "billing"), seed.failed(engine, "mail")
    assert refused(gina.post(f"/queues/billing/tasks/{mine}/move", {"state": "error", "to_queue": "mail"}), "mail")
    assert refused(gina.post(f"/queues/mail/tasks/{theirs}/move", {"state": "error", "to_queue": "billing"}), "mail")
    assert (
        gina.post(f"/queues/billing/tasks/{mine}/move", {"state": "error", "to_queue": "billing.eu"}).status_code == 303
    )
    assert engine.browse.states("billing.eu", mine) == ["error"]


def test_a_granted_admin_reveals_secrets_of_that_queue_only(engine, app):
    engine.people.add("gus", PASSWORD, "viewer")
    engine.people.grant("gus", "admin", "billing")
    gus = Visitor(app)
    gus.log_in("gus")
    for queue, status in (("billing", 200), ("mail", 403)):
        (task_id,) = seed.failed(engine, queue, kwargs={"password": "hunter2"})
        assert gus.post(f"/queues/{queue}/tasks/{task_id}/reveal").status_code == status


# -- several queues: all or nothing --
def test_ticked_tasks_are_all_retried_or_none(engine, gina):
    (mine,), (theirs,) = seed.failed(engine, "billing"), seed.failed(engine, "mail")
    both = [f"billing/{mine}", f"mail/{theirs}"]
    assert refused(gina.post("/errors/selected/retry", {"task": both}), "mail")
    assert engine.browse.states("billing", mine) == ["error"]
    entry = newest(engine)
    assert (entry.verb, entry.outcome, entry.queue) == ("retry selected", "refused", "mail")
    assert gina.post("/errors/selected/retry", {"task": both[:1]}).status_code == 303
    assert engine.browse.states("billing", mine) == ["queued"]


def test_a_refusal_over_many_queues_names_them(engine, gina):
    queues = [f"mail.{number}" for number in range(7)]
    ticked = [f"{queue}/{seed.failed(engine, queue)[0]}" for queue in queues]
    answer = gina.post("/errors/selected/delete", {"task": ticked})
    assert refused(answer, *queues[:4], f"{queues[4]} and 2 more queues")
    assert newest(engine).facts["on"] == queues[:5]


def group_of(engine, *queues):
    """The id of the only error group, whose tasks are in these queues."""
    for queue in queues:
        seed.failed(engine, queue)
    engine.snapshot.take()
    list(Duties(engine).index_errors())
    (group,) = engine.error_groups.summary().groups
    return group.id


def test_an_error_group_is_retried_where_all_of_its_queues_are_granted(engine, gina):
    group_id = group_of(engine, "billing", "mail")
    form = {"not_after": repr(engine.clock.now() + 60)}
    assert refused(gina.post(f"/errors/groups/{group_id}/retry", form), "mail")
    assert refused(gina.post(f"/errors/groups/{group_id}/note", {"note": "mine"}), "mail")
    assert refused(gina.post(f"/errors/groups/{group_id}/snooze", {"seconds": "3600"}), "mail")
    assert engine.browse.sizes("billing")["error"] == 1
    assert engine.error_groups.note(group_id).text == ""
    assert "Retry all…" not in text(gina.get(f"/errors/groups/{group_id}"))
    assert "You may not act on all" in text(gina.get(f"/errors/groups/{group_id}/retry"))


def test_an_error_group_of_granted_queues_is_retried(engine, gina):
    group_id = group_of(engine, "billing", "billing.eu")
    assert "Retry all…" in text(gina.get(f"/errors/groups/{group_id}"))
    form = {"not_after": repr(engine.clock.now() + 60)}
    assert gina.post(f"/errors/groups/{group_id}/retry", form).status_code == 303
    assert engine.browse.sizes("billing.eu")["error"] == 0


# -- operations and the trash, whose addresses name no queue --
@pytest.mark.parametrize("verb", ["pause", "resume", "rate", "cancel"])
def test_operations_on_other_queues_are_not_steered(engine, gina, verb):
    for queue, status in (("mail", 403), ("billing.eu", 303)):
        operation = engine.operations.start("retry", queue, "error", actor=SOMEBODY)
        answer = gina.post(f"/operations/{operation.id}/{verb}", {"rate": "3"})
        assert answer.status_code == status
        assert ("Change rate" in text(gina.get(f"/operations/{operation.id}"))) == (status == 303 and verb != "cancel")
    assert "operation" in engine.audit.page().entries[0].verb or verb == "rate"


def test_an_operation_on_another_queue_is_not_undone(engine, gina):
    seed.failed(engine, "mail", 2)
    operation = engine.operations.run_small(engine.operations.start("purge", "mail", "error", actor=SOMEBODY))
    assert "Undo" not in text(gina.get(f"/operations/{operation.id}"))
    assert refused(gina.post(f"/operations/{operation.id}/undo"), "mail")
    assert engine.trash.size().tasks == 2


def thrown_away(engine, queue):
    (task_id,) = seed.failed(engine, queue)
    return engine.control.delete(queue, "error", task_id, actor=SOMEBODY)


def test_only_tasks_of_granted_queues_come_back_from_the_trash(engine, gina):
    mine, theirs = thrown_away(engine, "billing"), thrown_away(engine, "mail")
    assert refused(gina.post(f"/trash/{theirs}/restore"), "mail")
    assert refused(gina.post("/trash/selected/restore", {"task": [mine, theirs]}), "mail")
    assert refused(gina.post("/trash/empty", {"not_after": "9e9"}))
    assert engine.trash.size().tasks == 2
    page = text(gina.get("/trash/"))
    assert f"/trash/{mine}/restore" in page and f"/trash/{theirs}/restore" not in page
    assert page.count('type="checkbox" name="task"') == 1 and "Empty the trash" not in page
    assert gina.post("/trash/selected/restore", {"task": [mine]}).status_code == 303
    assert engine.trash.size().tasks == 1


# -- buttons --
def test_buttons_are_drawn_on_the_pages_of_granted_queues_only(engine, gina):
    for queue, drawn in (("billing", True), ("mail", False)):
        (task_id,) = seed.failed(engine, queue)
        pages = text(gina.get(f"/queues/{queue}/error")), text(gina.get(f"/queues/{queue}/tasks/{task_id}"))
        assert ['method="post" action=' in page.partition("<main")[2] and "Retry" in page for page in pages] == [
            drawn,
            drawn,
        ]


def test_in_a_list_over_all_queues_only_tasks_of_granted_ones_can_be_ticked(engine, gina):
    (mine,), (theirs,) = seed.failed(engine, "billing"), seed.failed(engine, "mail")
    engine.snapshot.take()
    page = text(gina.get("/errors/tasks"))
    assert f'value="billing/{mine}"' in page and f"/tasks/{mine}/retry" in page
    assert f'value="mail/{theirs}"' not in page and f"/tasks/{theirs}/retry" not in page
