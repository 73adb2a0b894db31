"""The commands that the console adds to `signalbox`: console, users, tokens, up."""

import contextlib

import click

from console.people_commands import NOBODY_YET, redis_url_option, tokens, users
from queue_core import Engine
from queue_core.errors import StoreError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@click.group()
def commands():
    """The console and its users."""


commands.add_command(users)
commands.add_command(tokens)


# -- console --
@commands.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8030, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@redis_url_option
@click.option("--read-only", is_flag=True, help="Look and change nothing, whatever a user's role allows.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Server processes.")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1), help="Threads in each process.")
def console(host, port, redis_url, read_only, workers, threads):
    """Serve the console in the browser."""
    from console.server import Place, serve
    from console.settings import ConsoleSettings

    settings = ConsoleSettings.from_env(read_only=read_only or None)
    _greet(host, port, redis_url, settings)
    serve(Place(host, port, redis_url, workers, threads), settings)


def _greet(host, port, redis_url, settings):
    if host not in LOOPBACK and not settings.secure_cookies:
        click.echo(
            f"Listening on {host} without TLS: put a proxy with TLS in front for other machines, "
            "and set SIGNALBOX_CONSOLE_SECURE_COOKIES=yes.",
            err=True,
        )
    with contextlib.closing(Engine(redis_url)) as engine:
        try:
            if not engine.people.count():
                click.echo(NOBODY_YET, err=True)
        except StoreError as error:
            click.echo(f"{error}  The console starts all the same, and waits for it.", err=True)


# -- up --
@commands.command()
@click.option("--port", default=8030, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@redis_url_option
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Worker processes.")
@click.option("--no-samples", is_flag=True, help="Leave out the sample application.")
@click.option("--data", default=".signalbox", show_default=True, metavar="FOLDER", help="Where data and logs are kept.")
@click.option("--smoke", is_flag=True, help="Start everything, check that it works, stop it again.")
@click.pass_context
def up(context, port, redis_url, workers, no_samples, data, smoke):
    """Run everything on this machine in one terminal, until Ctrl-C."""
    from console.local import Options, run

    options = Options(port, redis_url, workers, samples=not no_samples, smoke=smoke, data=data)
    context.exit(run(options))
