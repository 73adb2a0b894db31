"""What the pages of people and of one's own account do alike: tokens, sessions, and what is shown once."""

from flask import request, url_for

from console import actions
from console.current import engine, now
from queue_core.errors import InvalidRequest, TokenNotFound

DAY_SECONDS = 86_400
DAYS = (("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("0", "no end"))
ROLES = ("viewer", "operator", "admin")
METRICS = "metrics"
"""What a token may be for besides: the page for Prometheus, and nothing else."""


def record(verb: str, actor, user: str, **facts) -> None:
    """Writes an act on a user into the audit trail."""
    engine().audit.record(verb, actor=actor, outcome="done", user=user, **facts)


def made_token(user) -> str:
    """The text of a new token for `user`, as the form asks for it.  Raises InvalidRequest."""
    name, role, queues = request.form.get("name", "").strip(), request.form.get("role", ""), _queues()

    def act(actor):
        token, text = engine().people.tokens.create(
            user, name, role=role, queues=queues, expires_at=_expires_at(), made_by=actor.name
        )
        record("create_token", actor, user.name, made=token.name, role=role, on=list(queues))
        return text

    return actions.attempt("create_token", act)


def made_link(actor, user) -> str:
    """The address of a new link with which `user` sets a password; it takes the place of an older one."""
    _, secret = engine().people.links.create(user, made_by=actor.name)
    record("make_link", actor, user.name)
    return url_for("password.show", user=user.name, secret=secret, _external=True)


def revoke_token(user_name: str, token_id: str, *, back: str):
    """The answer after revoking a token of that user."""

    def act(actor):
        if engine().people.tokens.get(token_id).user != user_name:
            raise TokenNotFound(token_id=token_id)
        token = engine().people.tokens.revoke(token_id)
        record("revoke_token", actor, user_name, made=token.name)
        return token

    return actions.perform("revoke_token", act, told=lambda token: f"The token {token.name} is revoked.", back=back)


def end_session(user_name: str, session_id: str, *, back: str):
    """The answer after ending one session of that user."""

    def act(actor):
        engine().people.sessions.end(user_name, session_id)
        record("end_session", actor, user_name)

    return actions.perform("end_session", act, told="That session has ended.", back=back)


def _queues() -> list[str]:
    return [name.strip() for name in request.form.get("queues", "").split(",") if name.strip()]


def _expires_at() -> float | None:
    days = request.form.get("days", "")
    if days not in dict(DAYS):
        raise InvalidRequest("Choose when the token expires.")
    return now() + int(days) * DAY_SECONDS if int(days) else None
