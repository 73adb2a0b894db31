"""Operations that an act has begun: run at once where they are small, and told of."""

from flask import url_for

from console.current import engine
from console.presenters import DONE_WORDS, number, plural

AT_ONCE = 200
"""Up to so many tasks together are done in the request."""
MOST_UNDONE = 20
"""So many operations one act undoes; their ids stand in an address."""


def run_small(operations: list) -> list:
    """Each run to its end if it is small; as they are then."""
    return [engine().operations.run_small(one) for one in operations]


def run_if_few(operations: list) -> list:
    """The same, when all of them together are few; else all are left to the sweeper."""
    return run_small(operations) if sum(one.matched for one in operations) <= AT_ONCE else operations


def undo_address(operations: list) -> str | None:
    """Where the undoing of all of them is posted to; None when nothing can be undone, or they are too many."""
    ids = [one.id for one in operations if one.ended and one.done and (one.to_trash or one.verb == "move")]
    return url_for("operations.undo", operation_id=ids[0], also=ids[1:]) if 0 < len(ids) <= MOST_UNDONE else None


def told(verb: str, operations: list, *, with_queues: bool = False) -> str:
    """What became of the tasks, in a sentence."""
    if not all(operation.ended for operation in operations):
        return f"{plural(len(operations), 'operation is', 'operations are')} running; the sweeper carries them on."
    skipped, queues = sum(one.skipped for one in operations), {one.queue for one in operations}
    sentence = f"{plural(sum(one.done for one in operations), 'task')} {DONE_WORDS[verb]}"
    if with_queues and len(queues) > 1:
        sentence += f" in {plural(len(queues), 'queue')}"
    if skipped:
        sentence += f"; {number(skipped)} skipped: moved or gone meanwhile"
    return f"{sentence}."


def first_page(operations: list) -> str:
    """The address of the first one, where all of them stand."""
    return url_for("operations.show", operation_id=operations[0].id)
