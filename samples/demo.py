"""`signalbox demo`: a larger history of the sample application, for looking at the console."""

import contextlib
import itertools
import logging
import os
import uuid

import click
import structlog

MOST_TASKS = 2_000_000
QUEUES_AT_WORK = 12
TASKS_AT_WORK_PER_QUEUE = 3


@click.command()
@click.option("--tasks", type=click.IntRange(1, MOST_TASKS), default=10_000, show_default=True, help="How many.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same history.")
@click.option("--redis-url", help="Where Redis is; default: REDIS_URL.")
@click.option("--yes", is_flag=True, help="Also on a Redis that holds tasks already.")
def demo(tasks, seed, redis_url, yes):
    """Fill Redis with a history of the sample application.

    The failures are real: the sample functions are run on the malformed part of their input.  They are then spread,
    with calls that end well, over the past two weeks and the next two days.  What is queued will run when a worker
    comes."""
    if redis_url:
        os.environ["REDIS_URL"] = os.environ["SIGNALBOX_REDIS_URL"] = redis_url
    # the shop's engine reads REDIS_URL when it is imported
    from samples.shop import engine

    if not yes and _holds_tasks(engine.store):
        raise click.UsageError("This Redis holds tasks already.  With --yes the demo's are added to them.")
    fill(engine, tasks, seed)
    at_work = leave_some_at_work(engine)
    click.echo(f"{tasks} tasks are there, {at_work} of them claimed by a worker that is gone: see the console.")


def fill(engine, count: int, seed: int) -> None:
    """Writes `count` tasks, showing how far it is."""
    from rich.progress import Progress

    from samples import bulk, failures
    from samples.history import History

    with Progress() as progress:
        collecting = progress.add_task("running the shop on its malformed input", total=None)
        with _without_news():
            failed, good = failures.collect()
        progress.update(collecting, total=1, completed=1)
        writing = progress.add_task("writing tasks", total=count)
        entries = History(failed, good, seed=seed, now=engine.store.now()).entries(count)
        while chunk := list(itertools.islice(entries, bulk.CHUNK)):
            bulk.write(engine.store, chunk)
            progress.advance(writing, len(chunk))


@contextlib.contextmanager
def _without_news():
    """A context without log events: the child that dies here is wanted."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


def leave_some_at_work(engine) -> int:
    """How many tasks were claimed, as by a worker that then died: after its lease a sweeper deals with them."""
    session = engine.leases.session(f"demo-{uuid.uuid4()}")
    try:
        for queue in sorted(engine.leases.queues("queued"))[:QUEUES_AT_WORK]:
            session.claim(queue, TASKS_AT_WORK_PER_QUEUE)
        return len(session.held)
    finally:
        session.close()


def _holds_tasks(store) -> bool:
    from queue_core import states

    return any(store.client.exists(store.keys.names(state)) for state in states.ALL)
