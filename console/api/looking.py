"""What the API tells: queues, tasks, error groups, operations, workers, acts, deploys.  Masked as on the pages."""

from console import auth, reading, trail
from console.api import shapes
from console.api.table import NUMBER, TEXT, WHOLE, Field, get
from console.converters import from_segment, to_segment
from console.current import engine, settings, snapshot
from queue_core import states
from queue_core.errors import InvalidRequest

ROUTES = []
MOST_ROWS = 200

_CURSOR = Field(TEXT, "next_cursor of the page before")
_LIMIT = Field(WHOLE, f"how many, at most {MOST_ROWS}; 50 when left out", least=1, most=MOST_ROWS)
_PAGE = {"cursor": _CURSOR, "limit": _LIMIT}
_STATE = Field(TEXT, "the state of the tasks", required=True, choices=states.ALL)


@get(ROUTES, path="/me", what="Who this token acts as, and what it may do", gives="Me")
def me():
    user, token = auth.current_user(), auth.current_token()
    grants = [{"role": grant.role, "queue": grant.queue} for grant in user.grants]
    names = {"user": user.name, "token": token.name, "role": user.role}
    return names | {"grants": grants, "expires_at": token.expires_at, "read_only": settings().read_only}


@get(ROUTES, path="/queues", what="The counts of all queues, by name, as taken at taken_at; null: never",
     gives="Queues", query={**_PAGE, "within": Field(TEXT, "only this queue and its subqueues")})  # fmt: skip
def queues(cursor, limit, within):
    counts, limit = snapshot(), limit or 50
    if counts is None:
        return {"taken_at": None, "queues": [], "next_cursor": None}
    after = None if cursor is None else _name(cursor)
    names = sorted(name for name in counts.queues if _is_within(name, within) and (after is None or name > after))
    more = len(names) > limit
    return {
        "taken_at": counts.taken_at,
        "queues": [shapes.counts(name, counts.queues[name]) for name in names[:limit]],
        "next_cursor": to_segment(names[limit - 1]) if more else None,
    }


@get(ROUTES, path="/queues/<name:queue>", what="One queue, counted now, and its pause", gives="Queue")
def queue(queue):
    return shapes.queue(queue, engine().browse.sizes(queue), engine().control.pause_of(queue))


@get(ROUTES, path="/queues/<name:queue>/tasks", what="Tasks of a queue in a state, the newest errors first, else the "
     "next to run", gives="Tasks", query={"state": _STATE, **_PAGE})  # fmt: skip
def tasks(queue, state, cursor, limit):
    page = reading.page(queue, state, cursor=cursor, limit=limit or 50)
    return {"total": page.total, "tasks": [shapes.row(row) for row in page.rows], "next_cursor": page.next_cursor}


@get(ROUTES, path="/queues/<name:queue>/tasks/<name:task_id>", what="One task with its failed runs, the newest first",
     gives="Task")  # fmt: skip
def task(queue, task_id):
    return shapes.task(reading.task(queue, task_id))


@get(ROUTES, path="/errors/groups", what="Errors by their cause, the newest failure first", gives="Groups",
     query={"limit": _LIMIT})  # fmt: skip
def error_groups(limit):
    found = reading.error_summary()
    if found is None:
        return {"taken_at": None, "remaining": None, "groups": []}
    groups = [shapes.group(one) for one in found.groups[: limit or 50]]
    return {"taken_at": found.taken_at, "remaining": found.remaining, "groups": groups}


@get(ROUTES, path="/errors/groups/<name:group_id>", what="One error group and its tasks, the newest failure first",
     gives="GroupTasks", query=_PAGE)  # fmt: skip
def error_group(group_id, cursor, limit):
    group = reading.error_group(group_id)
    page = engine().error_groups.tasks(group_id, cursor=cursor, limit=limit or 50)
    rows = reading.failed([(queue, task_id) for queue, task_id, _ in page.tasks])
    # those that left error since the group was checked are left out
    shown_rows = [shapes.row(row) for row in rows if row is not None]
    return {"group": shapes.group(group), "tasks": shown_rows, "next_cursor": page.next_cursor}


@get(ROUTES, path="/operations", what="The newest operations", gives="Operations", query={"limit": _LIMIT})
def operations(limit):
    return {"operations": [shapes.operation(one) for one in engine().operations.newest(limit=limit or 50)]}


@get(ROUTES, path="/operations/<name:operation_id>", what="One operation and how far it is", gives="Operation")
def operation(operation_id):
    return shapes.operation(engine().operations.get(operation_id))


@get(ROUTES, path="/searches/<name:search_id>", what="A search of everything: how far it is, what it has counted, and "
     "the tasks that it has found, at most 10000 of them", gives="Search", query=_PAGE)  # fmt: skip
def search(search_id, cursor, limit):
    first, limit = _rank(cursor), limit or 50
    found = engine().background.get(search_id)
    tasks = engine().background.found(search_id, first=first, limit=limit)
    more = len(tasks) == limit and first + limit < found.kept
    return shapes.search(found, tasks, str(first + limit) if more else None)


@get(ROUTES, path="/workers", what="The processes that are alive", gives="Workers")
def workers():
    return {"workers": [shapes.worker(one) for one in engine().workers.alive()]}


@get(ROUTES, path="/audit", what="Who did what, the newest first; a page may be short and still have a next one",
     gives="Acts", query={
        **_PAGE, "verb": Field(TEXT, "only this act"), "actor": Field(TEXT, "only of this user"),
        "queue": Field(TEXT, "only on this queue"), "door": Field(TEXT, "only through this door"),
        "outcome": Field(TEXT, "only those that ended so", choices=("done", "refused", "failed")),
        "since_at": Field(NUMBER, "from this moment on, in Unix seconds"),
        "until_at": Field(NUMBER, "up to this moment"),
})  # fmt: skip
def acts(cursor, limit, verb, **wanted):
    wanted = wanted | {"verb": verb and trail.verb(verb)}
    page = engine().audit.page(cursor=cursor, limit=limit or 50, **wanted)
    return {"acts": [shapes.act(entry) for entry in page.entries], "next_cursor": page.next_cursor}


@get(ROUTES, path="/deploys", what="The newest deploy marks", gives="Deploys")
def deploys():
    return {"deploys": [shapes.deploy(one) for one in engine().error_groups.deploys()]}


def _is_within(name, within):
    return not within or name == within or name.startswith(f"{within}.")


def _rank(cursor) -> int:
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 8):
        raise InvalidRequest("That page address is not complete; begin at the first page.")
    return int(cursor or 0)


def _name(cursor):
    try:
        return from_segment(cursor)
    except ValueError as error:
        raise InvalidRequest("That cursor is not complete; begin at the first page.") from error
