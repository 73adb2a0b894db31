"""What the pages of this process cost Redis: commands, trips and seconds of each request, of the newest ones kept."""

import statistics
from collections import deque
from dataclasses import dataclass

from flask import current_app, g, has_request_context, request

KEPT = 500
_NAME = "signalbox_budget"


@dataclass(frozen=True)
class Cost:
    """One request.  trips: times that it waited for Redis."""

    page: str
    commands: int
    trips: int
    seconds: float


@dataclass(frozen=True)
class PageCost:
    """The newest requests of one page."""

    page: str
    requests: int
    commands: int
    most_commands: int
    trips: int
    seconds: float
    slowest_seconds: float


def init_app(app) -> None:
    app.extensions[_NAME] = deque(maxlen=KEPT)
    app.extensions["signalbox_engine"].store.client.watch(_note)
    app.after_request(_keep)


def spent() -> Cost:
    """What the request at hand has cost so far."""
    commands, trips, seconds = g.get("spent", (0, 0, 0.0))
    return Cost(request.endpoint or "no page", commands, trips, seconds)


def by_page() -> list[PageCost]:
    """What the newest requests to this process have cost, by page; medians, the dearest first."""
    pages = {}
    for cost in list(current_app.extensions[_NAME]):
        pages.setdefault(cost.page, []).append(cost)
    found = [
        PageCost(
            page=page,
            requests=len(costs),
            commands=round(statistics.median(cost.commands for cost in costs)),
            most_commands=max(cost.commands for cost in costs),
            trips=round(statistics.median(cost.trips for cost in costs)),
            seconds=statistics.median(cost.seconds for cost in costs),
            slowest_seconds=max(cost.seconds for cost in costs),
        )
        for page, costs in pages.items()
    ]
    return sorted(found, key=lambda one: -one.seconds)


def _note(commands, seconds):
    if has_request_context():
        before = g.get("spent", (0, 0, 0.0))
        g.spent = (before[0] + commands, before[1] + 1, before[2] + seconds)


def _keep(response):
    if request.endpoint and "spent" in g:
        current_app.extensions[_NAME].append(spent())
    return response
