"""Tasks as a file to download."""

import json

import pytest

from console import create_app
from console.converters import to_segment
from console.settings import ConsoleSettings
from queue_core.task_line import TaskLine
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE, World
from tests.console import seed
from tests.console.conftest import logged_in
from tests.console.visitor import PASSWORD, Visitor

SECRET = {"db_password": "hunter2", "order": 7}


@pytest.fixture
def ids(engine):
    return seed.failed(engine, "mail", 3, kwargs=SECRET)


@pytest.fixture
def admin(engine, app):
    return logged_in(engine, app, "ada", "admin")


@pytest.fixture
def group_id(engine, ids):
    from queue_core.sweeper import Sweeper

    Sweeper(engine, observe=True).step(5.0)
    engine.snapshot.take()
    Sweeper(engine, observe=True).step(5.0)
    (group,) = engine.error_groups.summary().groups
    return group.id


def text(answer):
    return answer.get_data(as_text=True)


def lines(answer):
    assert answer.status_code == 200, answer.status
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return [json.loads(line) for line in text(answer).splitlines()]


def test_the_page_says_how_many_and_offers_what_one_may_take(operator, admin, ids):
    page = text(operator.get("/queues/mail/export/error"))
    assert "<b>3 tasks</b>" in page and "masked.jsonl" in page
    assert "whole.jsonl" not in page and "signalbox export mail error" in page
    assert "whole.jsonl" in text(admin.get("/queues/mail/export/error"))
    assert "Nothing to export" in text(operator.get("/queues/mail/export/queued"))


def test_everybody_may_take_it_with_secrets_hidden(viewer, ids, engine):
    found = lines(viewer.get("/queues/mail/export/error/masked.jsonl"))
    assert {one["id"] for one in found} == set(ids)
    assert all(one["masked"] and "hunter2" not in json.dumps(one) for one in found)
    assert json.loads(found[0]["payload"])["kwargs"] == {"db_password": "[hidden]", "order": 7}
    assert "export" not in [entry.verb for entry in engine.audit.page().entries]


def test_an_admin_takes_all_of_it_and_it_is_recorded(admin, ids, engine):
    admin.get("/queues/mail/export/error")
    answer = admin.post("/queues/mail/export/error/whole.jsonl", {"reason": "before the purge"})
    found = [TaskLine.decode(line.encode()) for line in text(answer).splitlines()]
    assert {one.id for one in found} == set(ids) and json.loads(found[0].payload)["kwargs"] == SECRET
    entry = engine.audit.page(verb="export").entries[0]
    assert (entry.actor, entry.queue, entry.reason, entry.outcome) == ("ada", "mail", "before the purge", "done")
    assert entry.facts == {"state": "error", "matched": 3}


def test_an_operator_is_refused_what_is_whole_and_it_is_recorded(operator, ids, acts):
    operator.get("/queues/mail/export/error")
    assert operator.post("/queues/mail/export/error/whole.jsonl").status_code == 403
    assert ("whole", "refused") in acts()


def test_a_read_only_console_gives_nothing_whole(engine, ids):
    engine.people.add("ada", PASSWORD, "admin")
    visitor = Visitor(create_app(engine, ConsoleSettings(read_only=True)))
    visitor.log_in("ada")
    assert "whole.jsonl" not in text(visitor.get("/queues/mail/export/error"))
    assert visitor.post("/queues/mail/export/error/whole.jsonl").status_code == 403
    assert len(lines(visitor.get("/queues/mail/export/error/masked.jsonl"))) == 3


def test_the_purge_offers_what_it_would_delete(operator, engine, raw, ids):
    raw.zadd("t:error:mail", {ids[0]: 1000.0})
    page = text(operator.get("/queues/mail/all/purge?older_than=86400"))
    address = page.split('href="/queues/mail/export/error?not_after=')[1].split('"')[0]
    assert "<b>1 task</b>" in text(operator.get(f"/queues/mail/export/error?not_after={address}"))
    found = lines(operator.get(f"/queues/mail/export/error/masked.jsonl?not_after={address}"))
    assert [one["id"] for one in found] == [ids[0]]


def test_the_ticked_ones(operator, ids):
    operator.get("/queues/mail/error")
    answer = operator.post("/queues/mail/export/error/selected.jsonl", {"task": [ids[1], "gone"]})
    assert [one["id"] for one in lines(answer)] == [ids[1]]
    assert operator.post("/queues/mail/export/error/selected.jsonl").status_code == 400


def test_a_group_goes_into_one_file(admin, operator, ids, group_id, engine):
    assert f"/errors/groups/{group_id}/export/" in text(operator.get(f"/errors/groups/{group_id}"))
    assert "<b>3 tasks</b>" in text(operator.get(f"/errors/groups/{group_id}/export/"))
    masked = lines(operator.get(f"/errors/groups/{group_id}/export/masked.jsonl"))
    admin.get(f"/errors/groups/{group_id}/export/")
    whole = lines(admin.post(f"/errors/groups/{group_id}/export/whole.jsonl", {"reason": "evidence"}))
    assert {one["id"] for one in masked} == {one["id"] for one in whole} == set(ids)
    assert "hunter2" in whole[0]["payload"] and "hunter2" not in masked[0]["payload"]
    assert engine.audit.page(verb="export").entries[0].facts["group"] == group_id


def test_a_group_that_is_gone_is_told(operator):
    for path in ("", "masked.jsonl"):
        assert operator.get(f"/errors/groups/nothing/export/{path}").status_code in (404, 409)


def test_a_moment_that_is_none_means_all(operator, ids):
    for moment in ("nan", "soon", "1e999"):
        assert len(lines(operator.get(f"/queues/mail/export/error/masked.jsonl?not_after={moment}"))) == 3


def test_hostile_names_and_broken_tasks_are_exported(operator, engine, raw):
    world = World(raw, engine.store)
    world.put("error", HOSTILE_QUEUE, HOSTILE_ID)
    raw.set(world.keys.payload(HOSTILE_ID), b"\xff{password=hunter2")
    raw.rpush(world.keys.executions(HOSTILE_ID), b"\xfe", b'{"traceback": "token=s3cr3t"}')
    where = f"/queues/{to_segment(HOSTILE_QUEUE)}/export/error"
    assert operator.get(where).status_code == 200
    (found,) = lines(operator.get(f"{where}/masked.jsonl"))
    assert (found["queue"], found["id"]) == (HOSTILE_QUEUE, HOSTILE_ID)
    assert "hunter2" not in found["payload"] and "s3cr3t" not in str(found["executions"])


def test_it_is_an_answer_and_no_empty_file_when_redis_is_away(engine, own_server):
    from queue_core import Engine

    away = Engine(own_server.url)
    away.people.add("vera", PASSWORD, "viewer")
    visitor = Visitor(create_app(away, ConsoleSettings()))
    visitor.log_in("vera")
    own_server.stop()
    assert visitor.get("/queues/mail/export/error/masked.jsonl").status_code == 503
    away.close()
