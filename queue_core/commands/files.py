"""The commands that take tasks into a file and back: export and import."""

import contextlib
import shutil
import sys
import tempfile
from collections import Counter

import click

from queue_core import states
from queue_core.commands.shared import Duration, actor, line, reason_option, with_engine
from queue_core.operations import SMALL
from queue_core.task_files import IMPORTED, KNOWN, THERE
from queue_core.task_line import read_lines
from queue_core.text import shown

_FAULTS_SHOWN = 20
_PLACES_SHOWN = 10


@click.command()
@click.argument("queue")
@click.argument("state", type=click.Choice(states.ALL))
@click.argument("task_ids", nargs=-1)
@click.option("--older-than", "age_seconds", type=Duration(), help="Only with a score of so long ago, as for a purge.")
@reason_option
@with_engine
def export(engine, queue, state, task_ids, age_seconds, reason):
    """Write tasks to standard output, one JSON object a line: all of a queue in a state, or those named.

    Nothing is hidden in it and nothing is removed from Redis."""
    if task_ids and age_seconds is not None:
        raise click.UsageError("Name tasks, or say --older-than.")
    not_after = None if age_seconds is None else engine.store.now() - age_seconds
    matched = len(task_ids) or engine.operations.count(queue, state, not_after)
    engine.audit.record(
        "export", actor=actor(), queue=queue, reason=reason, outcome="done", state=state, matched=matched,
        not_after=not_after,
    )  # fmt: skip
    if task_ids:
        tasks = engine.task_files.export_tasks(((queue, one) for one in task_ids), state)
    else:
        tasks = engine.task_files.export(queue, state, not_after=not_after)
    count = 0
    with click.open_file("-", "wb") as out:
        for task in tasks:
            out.write(task.encode())
            count += 1
    click.echo(f"{count} tasks.", err=True)


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--queue", help="Put them all into this queue, and not into those that the file names.")
@click.option("--strict", is_flag=True, help="Import nothing when a line is bad; else the good ones are imported.")
@click.option("--dry-run", is_flag=True, help="Only look at every line, and at what is there already.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@reason_option
@with_engine
def import_(engine, file, queue, strict, dry_run, yes, reason):
    """Bring tasks back from a file that `export` wrote; - is standard input.

    A task of an id that is there already is left alone.  Exit status 1 when a line was bad."""
    with _rewindable(file) as lines:
        good, bad = _look(engine, lines, queue)
        if (strict and bad) or not good:
            raise click.ClickException("Nothing was imported.")
        if not dry_run:
            if not yes:
                click.confirm(f"Import {good} tasks?", abort=True)
            with _recorded(engine, getattr(file, "name", "-"), queue, good, reason) as done:
                _take_in(engine, lines, queue, good, done, reason)
    sys.exit(bool(bad))


@contextlib.contextmanager
def _rewindable(file):
    """The file is read twice: looked at as a whole before anything is written."""
    if file.seekable():
        yield file
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        copy.seek(0)
        yield copy


def _look(engine, lines, queue) -> tuple[int, int]:
    """Tells what is in the file, and what is wrong with it; (good, bad) lines."""
    places, found, bad = Counter(), Counter(), []

    def good():
        for one in read_lines(lines, queue):
            if one.task is None:
                bad.append(f"line {one.number}: {one.fault}")
            else:
                yield one.task

    for task, there in engine.task_files.find(good()):
        places[line(task.queue), task.state] += 1
        found[there] += 1
    for (name, state), count in places.most_common(_PLACES_SHOWN):
        click.echo(f"  {count:>9}  {name} {state}", err=True)
    if len(places) > _PLACES_SHOWN:
        click.echo(f"             and {len(places) - _PLACES_SHOWN} more places", err=True)
    click.echo(f"{found.total()} tasks, {found[True]} of them there already; {len(bad)} bad lines.", err=True)
    for fault in bad[:_FAULTS_SHOWN]:
        click.echo(f"  {line(fault)}", err=True)
    if len(bad) > _FAULTS_SHOWN:
        click.echo(f"  and {len(bad) - _FAULTS_SHOWN} more", err=True)
    return found.total(), len(bad)


@contextlib.contextmanager
def _recorded(engine, file_name, queue, good, reason):
    """Gives a Counter for what becomes of the tasks.  Of many the audit trail is told in two entries, before and after:
    one for each of them would push everything else out of it."""
    done, facts = Counter(), {"queue": queue, "reason": reason, "outcome": "done", "file": shown(file_name)}
    if good > SMALL:
        engine.audit.record("begin_import", actor=actor(), matched=good, **facts)
    try:
        yield done
    finally:
        if good > SMALL:
            engine.audit.record("import", actor=actor(), matched=done[IMPORTED], **facts)


def _take_in(engine, lines, queue, good, done, reason):
    lines.seek(0)
    tasks = (one.task for one in read_lines(lines, queue) if one.task is not None)
    taking = engine.task_files.take_in(tasks, actor=actor(), reason=reason, noted=good <= SMALL)
    with click.progressbar(length=good, label="import", file=sys.stderr) as bar:
        for _, outcome in taking:
            done[outcome] += 1
            bar.update(1)
    click.echo(f"{done[IMPORTED]} imported, {done[KNOWN]} imported before, {done[THERE]} there already.", err=True)
