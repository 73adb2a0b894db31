"""What became of retried tasks, as a line on a terminal."""

from time import sleep

import click

from queue_core.commands.shared import line

_LOOK_AGAIN_SECONDS = 0.5


def sentence(outcomes) -> str:
    """Such as `812 succeeded, 40 failed again (same error 38, KeyError 2), 1148 still waiting or running`."""
    kinds = [f"same error {outcomes.failed_same}"] if outcomes.failed_same else []
    kinds += [f"{line(name)} {count}" for name, count in outcomes.errors]
    kinds += [f"others {outcomes.more_errors}"] if outcomes.more_errors else []
    kinds += [f"not compared {outcomes.failed_unknown}"] if outcomes.failed_unknown else []
    said = [f"{outcomes.succeeded} succeeded"]
    if outcomes.failed:
        said.append(f"{outcomes.failed} failed again ({', '.join(kinds)})")
    return ", ".join(said + [f"{count} {words}" for count, words in outcomes.others])


def follow(engine, operations) -> bool:
    """Waits until it is known what became of all tasks, and says so; whether none of them failed again."""
    ids = [operation.id for operation in operations]
    while any(engine.operations.get(one).outcomes.waiting for one in ids):
        for operation, tasks in engine.operations.followed():
            if operation.id in ids:
                engine.operations.settle(operation, tasks)
        sleep(_LOOK_AGAIN_SECONDS)
    found = [engine.operations.get(one) for one in ids]
    for operation in found:
        click.echo(f"{line(operation.queue)}: {sentence(operation.outcomes)}.")
    return not any(operation.outcomes.failed for operation in found)
