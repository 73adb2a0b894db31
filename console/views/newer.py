"""How much has come into a list since its page was drawn: a line above the list, so that no row moves by itself."""

import math

from flask import redirect, render_template, request, url_for
from flask_admin import expose

from console.auth import may, safe_next
from console.current import engine, snapshot
from console.live import fragment
from console.page import Page
from queue_core import states

MOST = 100
"""As far as acts are counted; beyond that it says "100 or more"."""

MOST_QUEUES = 50


def _errors(since):
    counts = snapshot()
    newest = {name: each.newest_error_at or 0 for name, each in (counts.queues if counts else {}).items()}
    queues = sorted((name for name, at in newest.items() if at > since), key=newest.get, reverse=True)
    return engine().browse.count_since(queues[:MOST_QUEUES], states.ERROR, since)


def _acts(since):
    return len(engine().audit.newer_than(f"{max(1, int(since * 1000))}-0", MOST))


KINDS = {
    "audit": (_acts, "act"),
    "errors": (_errors, "error"),
    "operations": (lambda since: engine().operations.count_since(since), "operation"),
    "trash": (lambda since: engine().trash.count_since(since), "deleted task"),
}
"""For each list how many are newer than a moment, and what they are called."""


class NewerPage(Page):
    in_menu = False

    def __init__(self):
        super().__init__("Newer", endpoint="newer", url="/newer")

    @expose("/")
    @may("look")
    def index(self):
        return redirect(url_for("overview.index"))

    @expose(f"/<any({','.join(KINDS)}):what>")
    @may("look")
    def show(self, what):
        count, noun = KINDS[what]
        since = request.args.get("since", default=math.nan, type=float)
        newer = count(since) if 0 < since < 1e11 else 0
        facts = {"what": what, "since": since, "newer": newer, "noun": noun, "most": MOST}
        return fragment(render_template("newer/_bar.html", back=safe_next(request.args.get("back")), **facts))
