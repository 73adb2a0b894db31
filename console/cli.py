"""The commands that the console adds to `signalbox`: console, users, up."""

import contextlib
import functools
import getpass
import os
import secrets
import time

import click

from queue_core import Actor, Engine
from queue_core.errors import InvalidRequest, StoreError

ROLES = click.Choice(["viewer", "operator", "admin"])
NOBODY_YET = "No user exists yet.  Add one: signalbox users add NAME --role admin"
LOOPBACK = ("127.0.0.1", "::1", "localhost")

redis_url_option = click.option("--redis-url", metavar="URL", help="Where Redis is.")


@click.group()
def commands():
    """The console and its users."""


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


# -- users --
@commands.group()
@redis_url_option
@click.pass_context
def users(context, redis_url):
    """Who may use the console, and what they may do.

    A viewer looks.  An operator also retries, deletes, purges, moves and pauses.  An admin may do everything."""
    context.obj = redis_url


def pass_engine(command):
    """Gives the command an engine for as long as it runs, and not for its `--help`."""

    @click.pass_obj
    @functools.wraps(command)
    def with_engine(redis_url, **options):
        with contextlib.closing(Engine(redis_url)) as engine:
            return command(engine, **options)

    return with_engine


def password_options(command):
    """A password never comes from an argument, which every user of the machine could read."""
    for option in (
        click.option("--generate", is_flag=True, help="Make a password and print it once."),
        click.option(
            "--password-file",
            type=click.File("r", encoding="utf-8"),
            help="Take the first line of this file; - is stdin.",
        ),
    ):
        command = option(command)
    return command


@users.command()
@click.argument("name")
@click.option("--role", type=ROLES, required=True, help="What the user may do.")
@password_options
@pass_engine
def add(engine, name, role, password_file, generate):
    """Add a user.  Asks for the password unless it is generated or comes from a file."""
    password = _password(password_file, generate)
    engine.people.add(name, password, role)
    _record(engine, "add_user", name, role=role)
    click.echo(f"{name} may log in as {role}.")
    _show_once(password, generate)


@users.command()
@click.argument("name")
@pass_engine
def remove(engine, name):
    """Remove a user; open sessions end."""
    engine.people.remove(name)
    _record(engine, "remove_user", name)
    click.echo(f"{name} is removed.")


@users.command()
@click.argument("name")
@password_options
@pass_engine
def password(engine, name, password_file, generate):
    """Give a user a new password; open sessions end."""
    new_password = _password(password_file, generate)
    engine.people.set_password(name, new_password)
    _record(engine, "set_password", name)
    click.echo(f"{name} has a new password; open sessions have ended.")
    _show_once(new_password, generate)


@users.command()
@click.argument("name")
@click.argument("role", type=ROLES)
@pass_engine
def role(engine, name, role):
    """Give a user another role; open sessions end."""
    engine.people.set_role(name, role)
    _record(engine, "set_role", name, role=role)
    click.echo(f"{name} is {role} now.")


@users.command()
@click.argument("name")
@click.argument("role", type=click.Choice(["operator", "admin"]))
@click.argument("queue")
@pass_engine
def grant(engine, name, role, queue):
    """Let a user do on QUEUE and its subqueues what a higher role may; sessions stay open."""
    engine.people.grant(name, role, queue)
    _record(engine, "grant", name, role=role, on=queue)
    click.echo(f"{name} is {role} on {queue} and its subqueues now.")


@users.command()
@click.argument("name")
@click.argument("queue")
@pass_engine
def revoke(engine, name, queue):
    """Take back what was granted to a user on exactly QUEUE."""
    engine.people.revoke(name, queue)
    _record(engine, "revoke", name, on=queue)
    click.echo(f"{name} has no grant on {queue} any more.")


@users.command()
@click.argument("name")
@pass_engine
def logout(engine, name):
    """End all open sessions of a user."""
    engine.people.end_sessions(name)
    _record(engine, "logout_everywhere", name)
    click.echo(f"{name} is logged out everywhere.")


@users.command("list")
@pass_engine
def list_users(engine):
    """List the users: name, role, when added (UTC), and what is granted to them on queues."""
    everybody = engine.people.all()
    width = max((len(user.name) for user in everybody), default=0)
    for user in everybody:
        added = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(user.created_at))
        granted = ", ".join(f"{one.role} on {one.queue}" for one in user.grants)
        click.echo(f"{user.name:<{width}}  {user.role:<8}  {added}  {granted}".rstrip())
    if not everybody:
        click.echo(NOBODY_YET, err=True)


def _password(password_file, generate: bool) -> str:
    if generate and password_file:
        raise click.UsageError("Give --generate or --password-file, not both.")
    if generate:
        return secrets.token_urlsafe(15)
    if password_file is None:
        return click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        return password_file.readline(10_000).rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The password file is not UTF-8 text.") from error


def _show_once(password: str, generated: bool) -> None:
    if generated:
        click.echo(f"Password: {password}")
        click.echo("It is shown this once only.", err=True)


def _record(engine, verb: str, user: str, **facts) -> None:
    engine.audit.record(verb, actor=_me(), outcome="done", user=user, **facts)


def _me() -> Actor:
    try:
        return Actor(getpass.getuser(), "command line")
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return Actor(f"uid {os.getuid()}", "command line")


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
