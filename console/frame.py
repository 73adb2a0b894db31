"""What templates may use on every page: filters, the menu, the shell, and addresses of static files."""

import hashlib
import math
from pathlib import Path

from flask import current_app, g, request, url_for

from console import actions, auth, lately, outcomes, paging, presenters, trail
from console.converters import to_segment
from console.current import engine, settings
from console.shell import Shell
from console.user_agents import words as in_a_few_words
from queue_core import held_place

FILTERS = {
    "ago": presenters.ago,
    "breakable": presenters.breakable,
    "compact": presenters.compact,
    "held_place": held_place,
    "due": presenters.due,
    "duration": presenters.duration,
    "exact": repr,
    "extent": paging.extent,
    "facts": trail.facts,
    "iso": presenters.iso,
    "outcome_parts": outcomes.parts,
    "outcome_sentence": outcomes.sentence,
    "number": presenters.number,
    "plural": presenters.plural,
    "rate": presenters.rate,
    "run_time": presenters.run_time,
    "segment": to_segment,
    "short_id": presenters.short_id,
    "shortened": presenters.shortened,
    "size": presenters.size,
    "time_left": presenters.time_left,
    "typed_moment": presenters.typed_moment,
    "unfollowed": outcomes.unfollowed,
    "utc": presenters.utc,
    "user_agent": in_a_few_words,
    "words": trail.words,
}

STATIC_SECONDS = 31_536_000


def init_app(app) -> None:
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.finalize = _finalize
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = STATIC_SECONDS
    app.context_processor(_context)


def _finalize(value):
    # whatever a template prints may hold bytes and control characters from Redis
    return presenters.visible(value) if type(value) is str else value


def _context():
    return {
        "address": paging.address,
        "asset": asset,
        "here": paging.here,
        "infinity": math.inf,
        "lately": lately,
        "may_operate": _may_here("operate"),
        "may_operate_on": _may_operate_on,
        "may_reveal": _may_here("reveal"),
        "menu": menu,
        "presenters": presenters,
        "shell": _shell(),
        "state_words": presenters.STATE_WORDS,
        "undo_of": actions.undo_of,
        "trash_seconds": engine().settings.trash_seconds,
    }


def _may_here(right: str) -> bool:
    """On a page of one queue: whether one may act on it; on others: whether there is a queue on which one may."""
    queue = (request.view_args or {}).get("queue")
    allowed = auth.user_may_somewhere(right) if queue is None else auth.user_may(right, queue)
    return allowed and not settings().read_only


def _may_operate_on(*queues: str) -> bool:
    """Whether one may act on all of these queues; without any: on every queue that there is."""
    return all(auth.user_may("operate", queue) for queue in queues or [None]) and not settings().read_only


def _shell() -> Shell:
    if "shell" not in g:
        g.shell = Shell()
    return g.shell


def menu() -> list[dict]:
    """The pages of the menu: name, url, icon, the key that goes there after a g, and whether one is on it now."""
    admin = current_app.extensions["admin"][0]
    views = [item._view for item in admin.menu() if item.is_visible()]
    keys = go_keys([view.name for view in views])
    return [
        {
            "name": view.name,
            "url": url_for(f"{view.endpoint}.{view._default_view}"),
            "icon": view.icon,
            "endpoint": view.endpoint,
            "key": keys[view.name],
            "here": request.blueprint == view.endpoint,
        }
        for view in views
    ]


def go_keys(names: list[str]) -> dict[str, str]:
    """For each name its first letter, or where another name has that the next one that is free; an empty text when none
    is left."""
    initials = {}
    for name in names:
        initials.setdefault(name[:1].lower(), name)
    keys = {name: letter for letter, name in initials.items() if letter.isascii() and letter.isalpha()}
    for name in names:
        letters = (letter for letter in name.lower() if letter.isascii() and letter.isalpha())
        keys.setdefault(name, next((letter for letter in letters if letter not in keys.values()), ""))
    return keys


def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it."""
    known = g.setdefault("assets", {})
    if name not in known:
        known[name] = url_for("static", filename=name, v=_digest(Path(current_app.static_folder, name)))
    return known[name]


_digests = {}


def _digest(path: Path) -> str:
    key = (path, path.stat().st_mtime_ns)
    if key not in _digests:
        _digests[key] = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return _digests[key]
