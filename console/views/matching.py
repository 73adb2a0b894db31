"""Acts on all failed tasks that a query means: first what that would touch, then one operation for each queue."""

from flask import redirect, request, url_for
from flask_admin import expose

from console import actions, reading, seen, started
from console.auth import may
from console.current import engine, now, snapshot
from console.forms import given_pace, given_rate, given_target
from console.page import Page
from console.preview import LOOKED_AT, Part, Preview
from queue_core import states
from queue_core.errors import InvalidRequest

LOOKED_FOR_SECONDS = 1.5
VERBS = ("retry", "purge", "move")
TYPED = ("purge", "move")


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
        fault, preview = "", Preview()
        try:
            preview = _preview(text, not_after) if text else preview
        except InvalidRequest as error:
            fault = str(error)
        page = self.render(
            "matching/preview.html",
            verb=verb,
            query=text,
            fault=fault,
            preview=preview,
            most_queues=seen.MAX_QUEUES,
            is_counted=snapshot() is not None,
            must_type=verb in TYPED and preview.about > seen.TYPED_ABOVE,
            not_after=not_after,
            now=now(),
        )
        return page, 400 if fault else 200

    @expose(f"/<any({','.join(VERBS)}):verb>", methods=["POST"])
    @may("operate")
    def perform(self, verb):
        queues = seen.queues()
        target = given_target() if verb == "move" else {}

        def act(actor):
            shown = seen.count()
            if verb in TYPED:
                seen.confirm(shown, about=True)
            text, not_after = reading.checked_query(request.form.get("q", "").strip()), seen.not_after()
            if not text or not queues:
                raise InvalidRequest("The form lacks its filter or its queues. Open the preview again.")
            how = given_pace() if verb == "retry" else target
            # what is there already is left alone, unless it is all there is: that is refused
            others = [queue for queue in queues if queue != target.get("to_queue")] or queues
            if verb == "move":
                how = how | {"rate": given_rate()}
            operations = engine().operations.start_together(
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
            return started.run_small(operations)

        return actions.perform(
            f"{verb} matching",
            act,
            told=lambda done: started.told(verb, done),
            back=started.first_page,
            queues=lambda: [*queues, *target.values()],
        )


def _preview(text, not_after) -> Preview:
    queues, left = _queues(text)
    many = max(1, len(queues))
    most, seconds = LOOKED_AT // many, LOOKED_FOR_SECONDS / many
    parts = [Part(queue, reading.foreseen(queue, text, not_after, most, seconds)) for queue in queues]
    # of what was only looked at in parts something may match all the same
    return Preview([part for part in parts if part.foreseen.matched or not part.foreseen.is_exact], left)


def _queues(text) -> tuple[list[str], int]:
    """(queues with errors in which the query can mean something, most errors first; how many more there are)."""
    asked, counts = reading.query(text), snapshot()
    failing = {} if counts is None else {queue: one.error for queue, one in counts.queues.items() if one.error != 0}
    failing |= {queue: 0 for queue in asked.queue_hint() or () if queue not in failing}
    found = [queue for queue in failing if asked.may_hold(queue, states.ERROR)]
    found.sort(key=lambda queue: (-(failing[queue] or 0), queue))
    return found[: seen.MAX_QUEUES], len(found[seen.MAX_QUEUES :])
