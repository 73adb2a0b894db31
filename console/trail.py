"""Entries of the audit trail in words.  Pure."""

from dataclasses import dataclass

from console.presenters import moment, shortened, visible

MAX_FACT_CHARACTERS = 120

WORDS = {
    "add_user": "add user",
    "begin_import": "begin import",
    "cancel_operation": "cancel operation",
    "pause_operation": "pause operation",
    "resume_operation": "resume operation",
    "change_rate": "change rate",
    "logout_everywhere": "log out everywhere",
    "create_token": "create token",
    "due_at": "due",
    "empty_trash": "empty the trash",
    "entry": "entry of the trash",
    "for_good": "for good",
    "fresh_budget": "with a fresh budget",
    "made": "called",
    "make_link": "make link",
    "revoke_link": "revoke link",
    "use_link": "set password by link",
    "matched": "tasks",
    "new_id": "as task",
    "needed_role": "needs the role",
    "not_after": "up to",
    "request": "under the key",
    "state": "from",
    "tasks": "ids",
    "to_queue": "to",
    "token": "with the token",
    "until_at": "until",
}
"""Verbs and facts whose word for people is not their name."""

MOMENTS = frozenset({"due_at", "not_after", "until_at"})


@dataclass(frozen=True)
class Fact:
    """One more thing that an entry holds: its name in words, and a moment or a text; neither when the name says it."""

    name: str
    text: str = ""
    at: float | None = None


def words(name: str) -> str:
    """A verb or the name of a fact, for people."""
    return WORDS.get(name) or visible(name).replace("_", " ")


def verb(text: str) -> str:
    """The verb that a person means who types its name or its words."""
    return next((name for name, said in WORDS.items() if said == text.lower()), text)


def facts(entry) -> list[Fact]:
    """What an entry holds beyond its own columns; what says nothing is left out."""
    return [_fact(name, value) for name, value in entry.facts.items() if _says_something(value)]


def _says_something(value):
    return bool(value) or type(value) in (int, float)


def _fact(name, value):
    if value is True:
        return Fact(words(name))
    if name in MOMENTS and moment(value) is not None:
        return Fact(words(name), at=moment(value))
    if isinstance(value, list):
        value = ", ".join(str(each) for each in value)
    return Fact(words(name), shortened(str(value), MAX_FACT_CHARACTERS))
