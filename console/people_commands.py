"""The commands that say who may use console and API: users and tokens."""

import contextlib
import functools
import getpass
import os
import secrets
import time

import click

from console.converters import to_segment
from queue_core import Actor, Engine
from queue_core.errors import InvalidRequest, UserNotFound

ROLES = click.Choice(["viewer", "operator", "admin"])
SCOPES = click.Choice(["metrics", "viewer", "operator", "admin"])
NOBODY_YET = "No user exists yet.  Add one: signalbox users add NAME --role admin"
DAY_SECONDS = 86_400

redis_url_option = click.option("--redis-url", metavar="URL", help="Where Redis is.")


# -- users --
@click.group()
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
@click.option("--link", is_flag=True, help="Print a link with which the user sets a password.")
@pass_engine
def add(engine, name, role, password_file, generate, link):
    """Add a user.  Asks for the password unless it is generated, comes from a file, or is set by a link."""
    if link and (password_file or generate):
        raise click.UsageError("Give --link, --generate or --password-file, not two of them.")
    password = None if link else _password(password_file, generate)
    user = engine.people.add(name, password, role)
    _record(engine, "add_user", name, role=role)
    if link:
        click.echo(f"{name} is {role}, once a password is set.", err=True)
        _show_link(engine, user, "")
        return
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
@click.option("--console", "console_url", default="", metavar="URL", help="Where the console is, to print all of it.")
@pass_engine
def link(engine, name, console_url):
    """Print a link with which a user sets a password, once, within a day; an older one ends."""
    user = engine.people.find(name)
    if user is None:
        raise UserNotFound(f"There is no user named {name}.", name=name)
    _show_link(engine, user, console_url)


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
        added = _utc(user.created_at)
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


def _show_link(engine, user, console_url) -> None:
    _, secret = engine.people.links.create(user, made_by=_me().name)
    _record(engine, "make_link", user.name)
    click.echo(f"{console_url.rstrip('/')}/password/{to_segment(user.name)}/{to_segment(secret)}")
    where = "" if console_url else "To be opened on the console.  "
    click.echo(f"{where}It is shown this once only, works once, for 24 hours.", err=True)


def _record(engine, verb: str, user: str, **facts) -> None:
    engine.audit.record(verb, actor=_me(), outcome="done", user=user, **facts)


def _me() -> Actor:
    try:
        return Actor(getpass.getuser(), "command line")
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return Actor(f"uid {os.getuid()}", "command line")


# -- tokens --
@click.group()
@redis_url_option
@click.pass_context
def tokens(context, redis_url):
    """Tokens with which programs use the API."""
    context.obj = redis_url


@tokens.command()
@click.argument("name")
@click.option("--user", required=True, help="As whom it acts; it never may more than this user.")
@click.option("--role", type=SCOPES, required=True, help="The most that it may do; metrics: read /metrics only.")
@click.option("--queue", "queues", multiple=True, help="Where; with its subqueues, may be repeated.  Else everywhere.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(0, 3650), help="Until it expires; 0: never.")
@pass_engine
def create(engine, name, user, role, queues, days):
    """Make a token called NAME and print it once."""
    owner = engine.people.find(user)
    if owner is None:
        raise UserNotFound(f"There is no user named {user}.", name=user)
    expires_at = engine.clock.now() + days * DAY_SECONDS if days else None
    token, text = engine.people.tokens.create(
        owner, name, role=role, queues=queues, expires_at=expires_at, made_by=_me().name
    )
    _record(engine, "create_token", user, made=name, role=role, on=list(queues))
    click.echo(text)
    click.echo(f"Token {token.id} of {user}, {role}{_on(queues)}.  It is shown this once only.", err=True)


@tokens.command("list")
@click.option("--user", help="Only those of this user.")
@pass_engine
def list_tokens(engine, user):
    """List the tokens: id, user, name, role, expiry and last use (UTC), queues."""
    now = engine.clock.now()
    for token in engine.people.tokens.all(user):
        used = _utc(token.last_used_at) if token.last_used_at else "never used"
        until = "expired" if token.expired(now) else _utc(token.expires_at) if token.expires_at else "no expiry"
        click.echo(f"{token.id}  {token.user}  {token.name}  {token.role}{_on(token.queues)}  {until}  {used}")


@tokens.command("revoke")
@click.argument("token_id")
@pass_engine
def revoke_token(engine, token_id):
    """End the token with this id."""
    token = engine.people.tokens.revoke(token_id)
    _record(engine, "revoke_token", token.user, made=token.name)
    click.echo(f"The token {token.name} of {token.user} is revoked.")


def _on(queues) -> str:
    return f" on {', '.join(queues)}" if queues else ""


def _utc(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment))
