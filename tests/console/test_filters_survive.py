"""After an act one is back on the page one came from, with its filters and its place in the list."""

import re
from html.parser import HTMLParser

import pytest

from queue_core.acts import Actor
from queue_core.duties import Duties
from tests.console import seed

SOMEBODY = Actor("somebody", "web")
FILTERS = {
    "/": "q=ma&open=shop",
    "/errors/": "q=refused&window=24",
    "/errors/tasks": "q=func:charge&cursor=0:error:",
    "/tasks/": "q=func:charge&cursor=0:error:",
    "/queues/": "sort=error",
    "/queues/mail/error": "cursor=after:9e12:ff",
    "/queues/mail/queued": "cursor=after:0.0:00",
    "/queues/mail/tasks/{task}": "whole=yes",
    "/errors/groups/{group}": "cursor=9e12:61",
    "/operations/": "verb=retry",
    "/scheduled/": "q=ma&window=7d",
    "/trash/": "queue=mail",
    "/workers/": "q=w1",
    "/audit/": "verb=retry&actor=olga",
}
LEADS_ELSEWHERE = re.compile(r"/log(in|out)|/move$|/edit$|/reveal$|/undo$|/tasks/[^/]+/delete$|/all/|/(retry|purge)$")
"""Acts whose result is somewhere else: the operation that they start, or where the task is then."""


class Forms(HTMLParser):
    """Every form by POST, as (addresses it can go to, its hidden fields)."""

    def __init__(self, page):
        super().__init__()
        self.found, self._form = [], None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self._form = ([given.get("action", "")], {}) if given.get("method") == "post" else None
            self.found += [self._form] if self._form else []
        elif self._form and tag == "input" and given.get("type") == "hidden":
            self._form[1][given["name"]] = given.get("value", "")
        elif self._form and "formaction" in given:
            self._form[0].append(given["formaction"])

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None


@pytest.fixture
def places(engine):
    task, *_ = seed.failed(engine, "mail", 3)
    seed.queued(engine, "mail", 2)
    seed.queued(engine, "mail", when=engine.clock.now() + 900)
    for queue in ("mail", "shop.pay"):
        engine.control.pause(queue, actor=SOMEBODY, reason="look")
    engine.operations.start("retry", "mail", "error", actor=SOMEBODY, rate=0.01)
    deleted, *_ = seed.queued(engine, "mail")
    engine.control.delete("mail", "queued", deleted, actor=SOMEBODY)
    engine.snapshot.take()
    list(Duties(engine).index_errors())
    group = engine.error_groups.summary().groups[0].id
    return {"task": task, "group": group}


@pytest.mark.parametrize("page", FILTERS)
def test_every_form_of_a_page_leads_back_to_it_with_its_filters(page, places, operator):
    address = f"{page.format(**places)}?{FILTERS[page]}"
    answer = operator.get(address)
    assert answer.status_code == 200
    lost = [
        actions
        for actions, hidden in Forms(answer.get_data(as_text=True)).found
        if hidden.get("back") != address and not all(map(LEADS_ELSEWHERE.search, filter(None, actions)))
    ]
    assert not lost


def test_the_task_of_a_list_that_was_acted_on_leads_back_into_the_list(engine, places, operator):
    address = "/tasks/?q=queue:mail%20state:error&cursor=0:error:"
    operator.get(address)
    answer = operator.post(f"/queues/mail/tasks/{places['task']}/retry", {"back": address})
    assert (answer.status_code, answer.location) == (303, address)
    assert operator.get(answer.location).status_code == 200


def test_a_place_in_a_list_stays_when_the_task_that_it_names_has_gone(engine, operator):
    seed.failed(engine, "mail", 60)
    engine.snapshot.take()
    page = operator.get("/errors/tasks").get_data(as_text=True)
    onward = re.search(r'href="([^"]+)"[^>]*>Next page', page)[1].replace("&amp;", "&")
    for row in engine.browse.page("mail", "error", limit=50).rows:
        engine.control.delete("mail", "error", row.id, actor=SOMEBODY)
    assert operator.get(onward).get_data(as_text=True).count('name="task"') == 10
