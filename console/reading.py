"""The door through which views read tasks: what is secret in them is hidden here, before anybody can draw it."""

import json
import math
from dataclasses import dataclass, replace

from console.current import engine, known, settings
from queue_core import Masking, masking_of, states
from queue_core.errors import InvalidRequest


@dataclass(frozen=True)
class Seen:
    """A task as a person may see it.  hides: whether something in it is hidden; revealed: whether nothing is, since
    somebody with the right has asked for it."""

    task: object
    hides: bool = False
    revealed: bool = False


def page(queue: str, state: str, *, cursor: str | None, limit: int):
    """As `browse.page`."""
    found = engine().browse.page(queue, state, cursor=cursor, limit=limit)
    return replace(found, rows=[_row(row) for row in found.rows])


def newest_errors(queues: list[str], *, limit: int) -> list:
    """As `browse.newest_errors`."""
    return [_row(row) for row in engine().browse.newest_errors(queues, limit=limit)]


def impact(queue: str, state: str, not_after: float | None):
    """As `browse.impact`."""
    found = engine().browse.impact(queue, state, not_after)
    return replace(found, samples=[_row(row) for row in found.samples])


def query(text: str):
    """As `search.query`."""
    return engine().search.query(text)


def foreseen(queue: str, text: str, not_after: float, most: int, seconds: float):
    """As `operations.foresee`, of failed tasks; for a query as `checked_query` lets it pass."""
    return engine().operations.foresee(
        queue, states.ERROR, checked_query(text), not_after=not_after, most=most, mask=_facts, seconds=seconds
    )


def foreseen_scheduled(queue: str, since: float, until: float, most: int):
    """As `operations.foresee`, of what a reschedule would touch that is due from `since` to before `until`."""
    return engine().operations.foresee(
        queue,
        states.SCHEDULED,
        "",
        not_before=since,
        not_after=math.nextafter(until, -math.inf) if until < math.inf else None,
        most=most,
        mask=_facts,
        verb="reschedule",
    )


def checked_query(text: str) -> str:
    """The query in its one form.  An operation looks at tasks as Redis holds them, so how many match would tell what
    is hidden: raises InvalidRequest for a query that asks for a value that is hidden by its name."""
    asked, mask = query(text), masks()
    for name in asked.argument_names:
        if mask.value({name: "x"}) != {name: "x"}:
            raise InvalidRequest(f"What stands under {name} is hidden here, so no act can be chosen by it.")
    return asked.text


def failed(places: list[tuple[str, str]]) -> list:
    """As `browse.failed`."""
    return [row and _row(row) for row in engine().browse.failed(places)]


def searched(query, counts, *, cursor: str | None, limit: int) -> tuple:
    """(what `search.scan` found, its rows); `counts` is the snapshot, or None."""
    search = engine().search
    places = counts.once(search.places_of) if counts else []
    found = search.scan(query, places, cursor=cursor, limit=limit, mask=_facts)
    rows = engine().browse.rows([(one.queue, one.state, one.id, one.at) for one in found.rows])
    return found, [_row(row) for row in rows]


def found(search_id: str, first: int, limit: int) -> list[tuple]:
    """(task as `background.found` gives it, its row, or None for one that is gone)."""
    tasks = engine().background.found(search_id, first=first, limit=limit)
    there = [(one.queue, one.state, one.id, one.at) for one in tasks if one.state is not None]
    rows = iter(engine().browse.rows(there))
    return [(one, None if one.state is None else _row(next(rows))) for one in tasks]


def error_summary():
    """As `error_groups.summary`; None too where it is unknown."""
    found, mask = known(engine().error_groups.summary, "the error groups"), masks()
    return found and replace(found, groups=tuple(replace(one, title=mask.text(one.title)) for one in found.groups))


def deploys() -> list:
    """As `error_groups.deploys`; none where they are unknown."""
    return known(engine().error_groups.deploys, "the deploys") or []


def error_notes() -> dict:
    """As `error_groups.notes`; none where they are unknown."""
    return known(engine().error_groups.notes, "the notes on errors") or {}


def error_note(group_id: str):
    """As `error_groups.note`; None too where it is unknown."""
    return known(lambda: engine().error_groups.note(group_id), "the notes on errors")


def newest_operations(limit: int):
    """As `operations.newest`; none where they are unknown."""
    return known(lambda: engine().operations.newest(limit=limit), "the operations") or []


def workers() -> list | None:
    """As `workers.alive`; None where they are unknown."""
    return known(engine().workers.alive, "the workers")


def error_group(group_id: str):
    """As `error_groups.get`.  Raises ErrorGroupNotFound."""
    found = engine().error_groups.get(group_id)
    return replace(found, title=masks().text(found.title))


def alerts() -> list:
    """As `alerts.open`.  Raises StoreError."""
    return [replace(one, sight=_sight(one.sight)) for one in engine().alerts.open()]


def common_arguments(group_id: str) -> tuple[list, int]:
    """As `error_groups.common_arguments`."""
    shared, looked_at = engine().error_groups.common_arguments(group_id)
    mask = masks()
    masked = [mask.value({one.name: json.loads(one.value)}) for one in shared]
    pairs = zip(shared, (next(iter(each.items())) for each in masked), strict=True)
    return [replace(one, name=name, value=json.dumps(value)) for one, (name, value) in pairs], looked_at


def scheduled(places) -> list:
    """As `browse.scheduled`."""
    return [_row(row) for row in engine().browse.scheduled(places)]


def trashed(entries) -> list:
    """As `browse.trashed`."""
    return [_row(row) for row in engine().browse.trashed(entries)]


def masked(lines):
    """Lines of a file of tasks, with what is secret hidden; they are read as they are asked for."""
    # bound here: a file is sent when its request is over
    mask = masks()
    return (
        replace(
            one,
            payload=one.payload and mask.json(one.payload),
            executions=tuple(map(mask.json, one.executions)),
            masked=True,
        )
        for one in lines
    )


def task(queue: str, task_id: str, *, whole: bool = False) -> Seen:
    """As `browse.task`.  Raises TaskNotFound."""
    found = engine().browse.task(queue, task_id, whole=whole)
    shown = _task(found)
    return Seen(shown, hides=shown != found)


def revealed(queue: str, task_id: str, *, whole: bool = False) -> Seen:
    """The same with nothing hidden: for those who may, once that is recorded.  Raises TaskNotFound."""
    found = engine().browse.task(queue, task_id, whole=whole)
    return Seen(found, revealed=_task(found) != found)


def masks() -> Masking:
    """The masking that this console's settings ask for."""
    return masking_of(rules())


def rules() -> tuple[str, str, str]:
    """What this console hides, as others keep it who look on behalf of a person here: names, shown names, pattern."""
    chosen = settings()
    return chosen.masked_names, chosen.shown_names, chosen.masked_pattern


def _sight(sight):
    # the process that noticed it knows the usual rules only
    return replace(sight, title=masks().text(sight.title), details=masks().text(sight.details))


def _facts(facts):
    return facts.masked(masks())


def _row(row):
    return replace(row, arguments=masks().json(row.arguments), failure=row.failure and _glimpsed(row.failure))


def _glimpsed(execution):
    # of 200 tracebacks a list shows the last lines: the rest is not gone through, and so not passed on
    return replace(execution, message=masks().text(execution.message), traceback=None, facts={})


def _task(found):
    # arguments may have megabytes, so they are gone through once
    fields = masks().value(found.fields)
    read, unchanged = isinstance(fields, dict) and bool(fields), fields == found.fields
    return replace(
        found,
        args=(fields.get("args") or found.args) if read else None,
        kwargs=(fields.get("kwargs") or found.kwargs) if read else None,
        fields=fields if read else {},
        raw=_raw(found.raw, fields, unchanged) if read else masks().json(found.raw),
        executions=[_execution(execution) for execution in found.executions],
    )


def _raw(raw, fields, unchanged):
    # the same name twice: the fields have its last value only, and the text has both
    return masks().json(raw) if unchanged else json.dumps(fields, ensure_ascii=False)


def _execution(execution):
    mask = masks()
    return replace(
        execution,
        message=mask.text(execution.message),
        traceback=mask.text(execution.traceback),
        facts=mask.value(execution.facts),
    )
