"""The four states of a task on the wire, and every arrow between them.

A finished task has no state: it leaves nothing behind.
"""

from queue_core.errors import UnknownState

QUEUED = "queued"
ACTIVE = "active"
SCHEDULED = "scheduled"
ERROR = "error"
GONE = None

ALL = (QUEUED, ACTIVE, SCHEDULED, ERROR)

ARROWS = {
    # script          from                        to
    "enqueue": ((GONE,), QUEUED),
    "enqueue_later": ((GONE,), SCHEDULED),
    "claim": ((QUEUED,), ACTIVE),
    "start": ((ACTIVE,), ACTIVE),
    "heartbeat": ((ACTIVE,), ACTIVE),
    "finish": ((ACTIVE,), GONE),
    "retry_later": ((ACTIVE,), SCHEDULED),
    "defer": ((ACTIVE,), SCHEDULED),
    "give_up": ((ACTIVE,), ERROR),
    "release": ((ACTIVE,), QUEUED),
    "stand_aside": ((ACTIVE,), SCHEDULED),
    "set_aside": ((QUEUED,), SCHEDULED),
    "put_back": ((SCHEDULED,), QUEUED),
    "promote": ((SCHEDULED,), QUEUED),
    "recover": ((ACTIVE,), (QUEUED, ERROR)),
    "retry": ((ERROR,), QUEUED),
    "delete": ((ERROR, QUEUED, SCHEDULED), GONE),
    "cancel": ((QUEUED, SCHEDULED), GONE),
    "reschedule": ((SCHEDULED, ERROR), SCHEDULED),
    "purge": ((ERROR, QUEUED, SCHEDULED), GONE),
    "restore": ((GONE,), (QUEUED, SCHEDULED, ERROR)),
    "edit": ((GONE,), QUEUED),
    "receive": ((GONE,), (QUEUED, SCHEDULED, ERROR)),
    "hand_over": ((QUEUED, SCHEDULED, ERROR), GONE),
    "shift": (ALL, ALL),
    "move": ((QUEUED, SCHEDULED, ERROR), (QUEUED, SCHEDULED, ERROR)),
}
"""Each script that changes a state: the states it may take a task from, and where it puts it."""


def known(state: str) -> str:
    """`state`, if it is one.  Raises UnknownState."""
    if state not in ALL:
        raise UnknownState(f"There is no state {state!r}; the states are {', '.join(ALL)}.", state=state)
    return state


def allowed_from(verb: str, state: str) -> str:
    """`state`, if the verb may take a task from it.  Raises UnknownState."""
    sources = ARROWS[verb][0]
    if known(state) not in sources:
        raise UnknownState(f"{verb} takes a task from {' or '.join(sources)}, not from {state}.", state=state)
    return state
