"""Links that lead out of the console: logs and the like by templates, runbooks and owners by patterns.  Pure.

The templates are those of tasktiger-admin: `{{ task_id }}`, `{{ queue }}`, and for a failed run `{{ execution_start }}`
and `{{ execution_failed }}`, ten seconds before and after it.  Values are put in encoded, and nothing is evaluated.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from urllib.parse import quote, urlsplit

MARGIN_SECONDS = 10
OF_A_TASK = frozenset({"task_id", "queue"})
OF_A_RUN = OF_A_TASK | {"execution_start", "execution_failed"}

_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True)
class Link:
    """name: what to call it; url: an address with http or https, or a template of one."""

    name: str
    url: str


@dataclass(frozen=True)
class Duty:
    """Who answers for tasks, and where it is written what to do.  match: a pattern such as `billing.*`, for the name of
    a queue or of a function."""

    match: str
    runbook: str | None = None
    owner: str | None = None


def of_task(links: str, *, task_id: str, queue: str) -> list[Link]:
    """The links of a setting, for one task."""
    return [_filled(link, {"task_id": task_id, "queue": queue}) for link in templates(links, OF_A_TASK)]


def of_run(links: str, *, task_id: str, queue: str, started_at, failed_at) -> list[Link]:
    """The links of a setting, for one failed run; none when it is not known when it was."""
    start, end = _moment(started_at, -MARGIN_SECONDS), _moment(failed_at, MARGIN_SECONDS)
    if start is None or end is None:
        return []
    values = {"task_id": task_id, "queue": queue, "execution_start": start, "execution_failed": end}
    return [_filled(link, values) for link in templates(links, OF_A_RUN)]


def duty(duties_json: str, *, queue: str, func: str | None) -> Duty | None:
    """The first duty of a setting whose pattern fits the queue or the function."""
    names = [name for name in (queue, func) if name]
    return next((each for each in duties(duties_json) if any(fnmatchcase(name, each.match) for name in names)), None)


@lru_cache(maxsize=8)
def templates(text: str, known: frozenset = OF_A_RUN) -> tuple[Link, ...]:
    """The templates of a setting, `[["Logs", "https://…"], …]`.  Raises ValueError in one sentence."""
    rows = _read(text)
    if not all(isinstance(row, list) and len(row) == 2 and all(isinstance(each, str) for each in row) for row in rows):
        raise ValueError('it has to be a JSON list of ["name", "https://…"]')
    for name, url in rows:
        _check_address(url)
        if unknown := sorted(set(_PLACE.findall(url)) - known):
            raise ValueError(f"{name} has {unknown[0]!r}; known are {', '.join(sorted(known)) or 'no variables'}")
    return tuple(Link(*row) for row in rows)


def instances(text: str) -> tuple[Link, ...]:
    """The consoles of a setting, `[["staging", "https://…"], …]`.  Raises ValueError in one sentence."""
    return templates(text, frozenset())


@lru_cache(maxsize=8)
def duties(text: str) -> tuple[Duty, ...]:
    """The duties of a setting, `[{"match": "billing.*", "runbook": "https://…", "owner": "…"}, …]`.  Raises ValueError
    in one sentence."""
    try:
        found = tuple(Duty(**row) for row in _read(text))
    except TypeError as error:
        raise ValueError("it has to be a JSON list of objects with match, and runbook or owner") from error
    for each in found:
        if not all(isinstance(value, str) for value in (each.match, each.runbook or "", each.owner or "")):
            raise ValueError("match, runbook and owner have to be texts")
        if each.runbook is not None:
            _check_address(each.runbook)
    return found


def _read(text):
    try:
        rows = json.loads(text or "[]")
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(rows, list):
        raise ValueError("it has to be a JSON list")
    return rows


def _check_address(url):
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError(f"{url!r} is not an address") from error
    # a place in front of the path could be filled with another host
    if parts.scheme not in ("http", "https") or not parts.hostname or "{" in parts.netloc:
        raise ValueError(f"{url!r} has to begin with http:// or https:// and a host")


def _filled(link, values):
    # what is not UTF-8 stands for itself, byte for byte
    filled = _PLACE.sub(lambda place: quote(values[place[1]], safe="", errors="surrogateescape"), link.url)
    return Link(link.name, filled)


def _moment(at, margin):
    try:
        # whole seconds without a zone, as the templates of tasktiger-admin expect
        return None if at is None else datetime.fromtimestamp(int(at) + margin, UTC).replace(tzinfo=None).isoformat()
    except (ValueError, OverflowError, OSError):
        return None
