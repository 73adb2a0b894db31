"""Entries of the audit trail in words."""

from console import trail
from console.trail import Fact
from queue_core.audit import AuditEntry


def facts(**found):
    return trail.facts(AuditEntry("1-1", 0.0, "ann", "web", "retry", facts=found))


def test_what_says_nothing_is_left_out():
    assert facts(a=None, b=False, c="", d=[], e={}, matched=0) == [Fact("tasks", "0")]


def test_a_moment_is_a_moment_only_when_it_is_a_number():
    assert facts(due_at=12.5, until_at="<b>") == [Fact("due", at=12.5), Fact("until", "<b>")]


def test_unknown_names_and_odd_values_are_told_as_they_are():
    assert facts(new_thing=[1, "x"], more={"y": None}) == [Fact("new thing", "1, x"), Fact("more", "{'y': None}")]
    assert facts(x="y" * 500)[0].text == "y" * 119 + "…"


def test_a_verb_is_told_in_words_and_found_by_them():
    assert trail.words("logout_everywhere") == "log out everywhere"
    assert trail.words("retry\x00") == "retry␀"
    assert [trail.verb(typed) for typed in ("Log out everywhere", "purge")] == ["logout_everywhere", "purge"]
