"""Saved views: addresses of lists under a name, for oneself and for all."""

import re
from dataclasses import replace
from html import unescape

import pytest

HERE = "/tasks/?q=exc:KeyError%20age:%3C1d"


def text(answer):
    return unescape(answer.get_data(as_text=True))


def links(visitor):
    listed = re.search(r'views-list">(.*?)</ul>', text(visitor.get("/tasks/")), re.DOTALL)
    return re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', listed[1]) if listed else []


def save(visitor, name, whose="mine", back=HERE):
    visitor.get("/tasks/")
    return visitor.post(f"/views/{whose}/save", {"name": name, "back": back})


def test_a_view_is_a_link_for_whoever_saved_it_and_for_nobody_else(operator, viewer):
    answer = save(viewer, "  key   errors ")
    assert (answer.status_code, answer.location) == (303, HERE)
    assert links(viewer) == [(HERE, "key errors")]
    assert links(operator) == []


def test_a_shared_view_is_there_for_all_and_says_whose_it_is(operator, viewer):
    save(operator, "key errors", "shared")
    assert links(viewer) == [(HERE, "key errors")]
    assert "shared by olga" in text(viewer.get("/errors/tasks?q=x"))


def test_viewers_share_nothing_and_change_nothing_that_is_shared(operator, viewer):
    save(operator, "key errors", "shared")
    assert save(viewer, "mine for all", "shared").status_code == 403
    for act in ("rename", "delete"):
        assert viewer.post(f"/views/shared/{act}", {"name": "key errors", "new_name": "x"}).status_code == 403
    assert links(viewer) == [(HERE, "key errors")]


def test_views_are_renamed_replaced_and_deleted_and_that_is_recorded(viewer, acts):
    save(viewer, "a")
    save(viewer, "a", back="/errors/tasks?q=tea")
    viewer.post("/views/mine/rename", {"name": "a", "new_name": "b", "back": HERE})
    assert links(viewer) == [("/errors/tasks?q=tea", "b")]
    viewer.post("/views/mine/delete", {"name": "b", "back": HERE})
    assert links(viewer) == []
    assert acts() == [("delete view", "done"), ("rename view", "done"), ("save view", "done"), ("save view", "done")]


def test_what_is_gone_or_taken_is_told(viewer):
    save(viewer, "a")
    save(viewer, "b")
    assert viewer.post("/views/mine/delete", {"name": "gone"}).status_code == 409
    assert viewer.post("/views/mine/rename", {"name": "gone", "new_name": "x"}).status_code == 409
    assert viewer.post("/views/mine/rename", {"name": "a", "new_name": "b"}).status_code == 400


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\x00b", "\u202eevil"])
def test_names_that_cannot_be_read_are_refused(viewer, name):
    assert save(viewer, name).status_code == 400


def test_no_view_leads_out_of_the_console(viewer, raw):
    for address in ("//evil.example/", "https://evil.example/", "/\\evil.example"):
        save(viewer, "out", back=address)
    assert {address for address, _ in links(viewer)} <= {"/"}
    raw.hset("t:x:views:vera", "forged", '{"address": "//evil.example", "at": 1}')
    raw.hset("t:x:views:vera", "broken", b"\xff")
    assert {address for address, _ in links(viewer)} <= {"/"}


def test_hostile_names_are_text(viewer, raw):
    save(viewer, "<script>alert(1)</script>\"'")
    page = viewer.get("/tasks/").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "<script>alert(1)</script>\"'" in unescape(page)


def test_there_are_only_so_many(viewer):
    for number in range(50):
        assert save(viewer, f"v{number}").status_code == 303
    assert save(viewer, "one more").status_code == 400
    assert save(viewer, "v7").status_code == 303


def test_they_expire_when_nobody_changes_them(viewer, raw):
    save(viewer, "a")
    assert 0 < raw.ttl("t:x:views:vera") <= 400 * 86_400


def test_a_read_only_console_keeps_what_there_is(app, viewer):
    save(viewer, "a")
    app.extensions["signalbox_settings"] = replace(app.extensions["signalbox_settings"], read_only=True)
    assert links(viewer) == [(HERE, "a")]
    assert save(viewer, "b").status_code == 403
