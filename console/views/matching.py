"""Acts on all failed tasks that a query means: first what that would touch, then one operation for each queue."""

import math
from dataclasses import dataclass

from flask import redirect, request, url_for
from flask_admin import expose

from console import actions, reading
from console.auth import may
from console.converters import from_segment
from console.current import engine, now, snapshot
from console.forms import given_pace, given_rate, given_target
from console.page import Page
from console.presenters import DONE_WORDS, number, plural
from queue_core import states
from queue_core.errors import InvalidRequest

MAX_QUEUES = 20
LOOKED_AT = 4000
LOOKED_FOR_SECONDS = 1.5
TYPED_ABOVE = 1000
VERBS = ("retry", "purge", "move")
TYPED = ("purge", "move")


@dataclass(frozen=True)
class Part:
    """What a query means in one queue."""

    queue: str
    foreseen: object


class MatchingPage(Page):
    in_menu = False

    def __init__(self):
        super().__init__("All that match", endpoint="matching", url="/matching")

    @expose("/")
    @may("look")
    def index(self):
        return redirect(url_for("errors.index"))

    @expose(f"/<any({','.join(VERBS)}):verb>")
    @may("operate")
    def preview(self, verb):
        text, not_after = request.args.get("q", "").strip(), now()
        fault, parts, left = "", [], 0
        try:
            queues, left = _queues(text) if text else ([], 0)
            parts = _foreseen(queues, text, not_after)
        except InvalidRequest as error:
            fault = str(error)
        page = self.render(
            "matching/preview.html",
            verb=verb,
            query=text,
            fault=fault,
            parts=parts,
            left=left,
            most_queues=MAX_QUEUES,
            is_counted=snapshot() is not None,
            about=sum(part.foreseen.about for part in parts),
            looked_at=sum(part.foreseen.looked_at for part in parts),
            total=sum(part.foreseen.total for part in parts),
            is_exact=all(part.foreseen.is_exact for part in parts),
            must_type=verb in TYPED and sum(part.foreseen.about for part in parts) > TYPED_ABOVE,
            not_after=not_after,
            now=now(),
        )
        return page, 400 if fault else 200

    @expose(f"/<any({','.join(VERBS)}):verb>", methods=["POST"])
    @may("operate")
    def perform(self, verb):
        queues = _given_queues()
        target = given_target() if verb == "move" else {}

        def act(actor):
            _check_typed(verb)
            text, not_after = reading.checked_query(request.form.get("q", "").strip()), _not_after()
            if not text or not queues:
                raise InvalidRequest("The form lacks its filter or its queues. Open the preview again.")
            how = given_pace() if verb == "retry" else target
            # what is there already is left alone, unless it is all there is: that is refused
            others = [queue for queue in queues if queue != target.get("to_queue")] or queues
            if verb == "move":
                how = how | {"rate": given_rate()}
            started = engine().operations.start_together(
                verb,
                states.ERROR,
                dict.fromkeys(others),
                actor=actor,
                reason=actions.given_reason(),
                not_after=not_after,
                query=text,
                masked_by=reading.rules(),
                **how,
            )
            return [engine().operations.run_small(one) for one in started]

        return actions.perform(
            f"{verb} matching",
            act,
            told=lambda done: _told(verb, done),
            back=_where,
            queues=lambda: [*queues, *target.values()],
        )


def _queues(text) -> tuple[list[str], int]:
    """(queues with errors in which the query can mean something, most errors first; how many more there are)."""
    asked, counts = reading.query(text), snapshot()
    failing = {} if counts is None else {queue: one.error for queue, one in counts.queues.items() if one.error != 0}
    failing |= {queue: 0 for queue in asked.queue_hint() or () if queue not in failing}
    found = [queue for queue in failing if asked.may_hold(queue, states.ERROR)]
    found.sort(key=lambda queue: (-(failing[queue] or 0), queue))
    return found[:MAX_QUEUES], len(found[MAX_QUEUES:])


def _foreseen(queues, text, not_after) -> list[Part]:
    many = max(1, len(queues))
    most, seconds = LOOKED_AT // many, LOOKED_FOR_SECONDS / many
    parts = [Part(queue, reading.foreseen(queue, text, not_after, most, seconds)) for queue in queues]
    # of what was only looked at in parts something may match all the same
    return [part for part in parts if part.foreseen.matched or not part.foreseen.is_exact]


def _given_queues() -> list[str]:
    try:
        return list(dict.fromkeys(map(from_segment, request.form.getlist("queue"))))[:MAX_QUEUES]
    except ValueError as error:
        raise InvalidRequest("One of the queues has no readable name. Open the preview again.") from error


def _not_after() -> float:
    not_after = request.form.get("not_after", type=float)
    if not_after is None or not math.isfinite(not_after):
        raise InvalidRequest("The form lacks the moment up to which tasks are meant. Open the preview again.")
    return not_after


def _check_typed(verb):
    seen, typed = request.form.get("matched", ""), "".join(request.form.get("typed", "").split())
    if not (seen.isascii() and seen.isdigit()):
        raise InvalidRequest("The form lacks how many tasks were shown. Open the preview again.")
    if verb in TYPED and int(seen[:12]) > TYPED_ABOVE and typed != seen:
        raise InvalidRequest(f"This touches about {number(int(seen[:12]))} tasks. Type that number to confirm.")


def _told(verb, operations):
    if not all(operation.ended for operation in operations):
        return f"{plural(len(operations), 'operation is', 'operations are')} running; the sweeper carries them on."
    done = sum(operation.done for operation in operations)
    return f"{plural(done, 'task')} {DONE_WORDS['delete' if verb == 'purge' else verb]}."


def _where(operations):
    return url_for("operations.show", operation_id=operations[0].id)
