"""The commands of the audit trail as a file."""

import click

from queue_core import audit_chain

_FAULTS_SHOWN = 20


@click.group()
def audit():
    """The audit trail as a file."""


@audit.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--holds", metavar="HASH", help="Fail unless a line has this hash, noted down at an earlier check.")
def verify(files, holds):
    """Check that nothing was changed in or taken out of FILES, parts of one trail, the oldest first.

    Exit status 1 when something was."""
    found = audit_chain.check(_lines_of(files), wanted=holds)
    click.echo(f"{found.entries} entries, to {found.end.id or 'none'}; hash of the last line: {found.end.hash}")
    if found.begins_after not in (None, audit_chain.NO_LINE):
        click.echo(f"The first line continues another file, whose last line has the hash {found.begins_after}.")
    if found.cut_off:
        click.echo(f"Lines that were not written to their end, by a process that died: {found.cut_off}.")
    if found.gaps:
        click.echo(f"Places before which Redis had dropped entries: {found.gaps}.")
    if found.faults:
        shown_faults = found.faults[:_FAULTS_SHOWN]
        more = f"\n… and {len(found.faults) - _FAULTS_SHOWN} more" if len(found.faults) > _FAULTS_SHOWN else ""
        raise click.ClickException("The chain is broken:\n" + "\n".join(shown_faults) + more)
    click.echo("Every line follows the one before it.")


def _lines_of(files):
    for name in files:
        with open(name, "rb") as file:
            yield from ((f"{name} line {number}", line) for number, line in enumerate(file, start=1))
