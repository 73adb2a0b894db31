"""Error groups for people: all of them, one with its tasks, what was said about it; and deploys, to tell them by.

The groups are filled by the index of errors.  What stands here reads a few keys of bounded size.
"""

import json
import math

from queue_core import states
from queue_core.acts import Actor, act
from queue_core.common_arguments import common_arguments
from queue_core.error_group import (
    Deploy,
    ErrorGroup,
    GroupSummary,
    GroupTasks,
    Note,
    Shared,
    old_hours,
    place,
    read_deploy,
    read_group,
    read_note,
    read_summary,
)
from queue_core.errors import ErrorGroupNotFound, InvalidRequest
from queue_core.store import Store
from queue_core.text import to_bytes, to_text

SAMPLE = 100
MOST_NOTES = 1000
MOST_DEPLOYS = 100
MOST_TEXT_CHARACTERS = 2000
LONGEST_SNOOZE_SECONDS = 90 * 86_400

_CHECKED_AT_ONCE = 200
_SAMPLE_BYTES = 8 * 1024
_MOST_OPERATIONS = 20


class ErrorGroups:
    """The room of those who look at failures by their cause."""

    def __init__(self, store: Store):
        self._store = store
        self._last_read: tuple[bytes, GroupSummary | None] = (b"", None)

    # -- looking --

    def summary(self) -> GroupSummary | None:
        """The newest numbers of all groups, or None when nobody has counted them.  One value of Redis."""
        raw = self._store.client.get(self._store.keys.error_summary()) or b""
        if raw != self._last_read[0]:
            self._last_read = (raw, read_summary(raw))
        return self._last_read[1]

    def get(self, group_id: str) -> ErrorGroup:
        """One group as it is now.  Raises ErrorGroupNotFound."""
        keys, pipeline = self._store.keys, self._store.client.pipeline()
        pipeline.hgetall(keys.error_group(group_id))
        pipeline.zcard(keys.error_group_tasks(group_id))
        pipeline.zscore(keys.error_groups(), to_bytes(group_id))
        fields, tasks, last_at = pipeline.execute()
        group = None if last_at is None else read_group(group_id, fields, tasks, last_at)
        if group is None:
            raise ErrorGroupNotFound(group_id=group_id)
        return group

    def tasks(self, group_id: str, *, cursor: str | None = None, limit: int = 50) -> GroupTasks:
        """Tasks of a group, the newest failure first; some may have left error since the group was checked.

        Raises InvalidRequest for a cursor that is none."""
        key, client = self._store.keys.error_group_tasks(group_id), self._store.client
        first = self._rank_after(key, cursor) if cursor else 0
        total, limit = client.zcard(key), max(1, min(limit, _CHECKED_AT_ONCE))
        rows = client.zrevrange(key, first, first + limit - 1, withscores=True)
        tasks = [(*found, score) for one, score in rows if (found := place(one))]
        last = rows[-1] if rows and first + len(rows) < total else None
        return GroupTasks(tasks, total, first, last and f"{last[1]!r}:{last[0].hex()}")

    def _rank_after(self, key, cursor) -> int:
        try:
            score, _, raw = cursor.partition(":")
            at, one = float(score), bytes.fromhex(raw)
            if not math.isfinite(at):
                raise ValueError(cursor)
        except ValueError as error:
            raise InvalidRequest("That page address is not complete; begin at the first page.") from error
        rank = self._store.client.zrevrank(key, one)
        return self._store.client.zcount(key, f"({at!r}", "+inf") if rank is None else rank + 1

    def ids_up_to(self, group_id: str, not_after: float, limit: int) -> dict[str, list[str]]:
        """{queue: task ids} of those that failed at or before `not_after`, the newest `limit` of them."""
        key = self._store.keys.error_group_tasks(group_id)
        chosen: dict[str, list[str]] = {}
        for first in range(0, limit, 1000):
            rows = self._store.client.zrevrangebyscore(
                key, not_after, "-inf", start=first, num=min(1000, limit - first)
            )
            for queue, task_id in filter(None, map(place, rows)):
                chosen.setdefault(queue, []).append(task_id)
            if len(rows) < 1000:
                break
        return chosen

    def common_arguments(self, group_id: str) -> tuple[list[Shared], int]:
        """What the arguments of its newest tasks have in common, and how many of them were looked at."""
        places = self.tasks(group_id, limit=SAMPLE).tasks
        pipeline = self._store.client.pipeline()
        for _, task_id, _ in places:
            pipeline.getrange(self._store.keys.payload(task_id), 0, _SAMPLE_BYTES - 1)
        replies = pipeline.execute(raise_on_error=False) if places else []
        payloads = [one for one in replies if isinstance(one, bytes) and one]
        return common_arguments(payloads), len(payloads)

    # -- keeping true --

    def ids(self) -> list[str]:
        """Of all groups."""
        return [to_text(one) for one in self._store.client.zrange(self._store.keys.error_groups(), 0, -1)]

    def check(self, group_id: str, first: int = 0) -> int | None:
        """Takes tasks out that are not in error any more, or failed again since: of 200, from rank `first` on.

        Gives how many of them stay; None past the last."""
        key = self._store.keys.error_group_tasks(group_id)
        rows = self._store.client.zrange(key, first, first + _CHECKED_AT_ONCE - 1, withscores=True)
        if not rows:
            return None
        gone = self._gone(rows)
        if gone:
            self._store.client.zrem(key, *gone)
        return len(rows) - len(gone)

    def _gone(self, rows) -> list[bytes]:
        pipeline, places = self._store.client.pipeline(), [place(one) or ("", "") for one, _ in rows]
        for queue, task_id in places:
            pipeline.zscore(self._store.keys.state(states.ERROR, queue), to_bytes(task_id))
        found = pipeline.execute(raise_on_error=False)
        return [one for (one, score), now in zip(rows, found, strict=True) if now != score]

    def note_checked(self, group_id: str) -> None:
        """Says that all tasks of a group were checked now, and drops counts older than a week."""
        key, tasks = self._store.keys.error_group(group_id), self._store.keys.error_group_tasks(group_id)
        names = self._store.client.hkeys(key)
        if not names:
            return
        now, keep_seconds = self._store.now(), int(self._store.settings.error_group_keep_seconds)
        holds_tasks = self._store.client.exists(tasks)
        pipeline = self._store.client.pipeline()
        if old := old_hours(names, now):
            pipeline.hdel(key, *old)
        pipeline.hset(key, "checked_at", repr(now))
        if holds_tasks:  # while one of its tasks is in error a group stays
            pipeline.expire(tasks, keep_seconds)
            pipeline.expire(key, keep_seconds)
        pipeline.execute()

    # -- what people say --

    def notes(self) -> dict[str, Note]:
        """{group: note} of all groups that have one."""
        rows = self._store.client.hgetall(self._store.keys.error_notes())
        return {to_text(group_id): read_note(raw) for group_id, raw in rows.items()}

    def note(self, group_id: str) -> Note:
        """What is said about a group; an empty note when nothing is."""
        return read_note(self._store.client.hget(self._store.keys.error_notes(), to_bytes(group_id)))

    def annotate(self, group_id: str, text: str, *, actor: Actor) -> None:
        """Writes a note on a group, in the place of the one before; an empty text takes it away.

        Raises ErrorGroupNotFound, InvalidRequest when too many groups have one."""
        self.get(group_id)
        text = text.strip()[:MOST_TEXT_CHARACTERS]
        until = self.note(group_id).snoozed_until
        self._annotate("note group", group_id, text, until, actor)

    def snooze(self, group_id: str, until: float | None, *, actor: Actor) -> None:
        """Keeps a group from the new and rising ones before `until`, at most 90 days; None ends that.

        Raises ErrorGroupNotFound, InvalidRequest."""
        self.get(group_id)
        now = self._store.now()
        if until is not None and not now < until <= now + LONGEST_SNOOZE_SECONDS + 1:
            raise InvalidRequest("A group can be snoozed until a moment in the next 90 days.")
        self._annotate("snooze group", group_id, self.note(group_id).text, until, actor)

    def _annotate(self, verb, group_id, text, until, actor):
        record = {"text": text, "by": actor.name, "at": self._store.now(), "snoozed_until": until}
        written = self._store.run(
            "annotate_group",
            group_id=group_id,
            note=json.dumps(record) if text or until else "",
            most_notes=MOST_NOTES,
            act=act(verb, actor, group=group_id, note=text[:200], until_at=until),
            max_audit_entries=self._store.settings.max_audit_entries,
        )
        if not written:
            raise InvalidRequest(f"{MOST_NOTES} groups have a note already; take one away first.")

    def remember_operation(self, group_id: str, operation_id: str) -> None:
        """Says that an operation was started on a group."""
        key, pipeline = self._store.keys.error_operations(group_id), self._store.client.pipeline()
        pipeline.lpush(key, operation_id)
        pipeline.ltrim(key, 0, _MOST_OPERATIONS - 1)
        pipeline.expire(key, int(self._store.settings.operation_keep_seconds))
        pipeline.execute()

    def operations(self, group_id: str) -> list[str]:
        """The newest operations on a group, at most 20; their records may be gone."""
        key = self._store.keys.error_operations(group_id)
        return [to_text(one) for one in self._store.client.lrange(key, 0, _MOST_OPERATIONS - 1)]

    # -- deploys --

    def mark_deploy(self, text: str = "", *, actor: Actor) -> Deploy:
        """Notes that another version of the application went live now."""
        deploy = Deploy(self._store.now(), actor.name, text.strip()[:MOST_TEXT_CHARACTERS])
        self._store.run(
            "mark_deploy",
            deploy=json.dumps({"at": deploy.at, "by": deploy.by, "text": deploy.text}),
            most_deploys=MOST_DEPLOYS,
            act=act("deploy mark", actor, text=deploy.text[:200]),
            max_audit_entries=self._store.settings.max_audit_entries,
        )
        return deploy

    def deploys(self) -> list[Deploy]:
        """The newest first, at most 100."""
        rows = self._store.client.lrange(self._store.keys.deploys(), 0, MOST_DEPLOYS - 1)
        return [found for found in map(read_deploy, rows) if found is not None]
