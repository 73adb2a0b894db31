"""Who may use the console: names, roles, grants, and how people and programs prove who they are.

One hash holds a JSON record per user.  A record's epoch is a number drawn anew whenever open sessions must end.  A
record that cannot be read belongs to nobody.
"""

import json
import re
import secrets

from queue_core.connection import our_errors
from queue_core.errors import InvalidRequest, UserNotFound
from queue_core.people.attempts import FORGET_FAILURES_SECONDS, Attempts, refusal
from queue_core.people.links import Link, Links, fits, read_link
from queue_core.people.passwords import NOBODY, hashed, matches, usable_password
from queue_core.people.rights import GRANTED_ROLES, ROLES, Grant, User, usable_grant, usable_role, with_grant
from queue_core.people.sessions import Sessions, is_open
from queue_core.people.tokens import Token, Tokens
from queue_core.store import Store
from queue_core.text import to_bytes, to_text

__all__ = ["FORGET_FAILURES_SECONDS", "ROLES", "Grant", "Link", "People", "Sessions", "Token", "Tokens", "User"]

NO_SUCH_LINK = "This link cannot be used: it was used, is over, or a newer one was made."

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}\Z")


class People:
    """The users of the console, and how they prove who they are.  tokens, sessions, links: the registers of these."""

    def __init__(self, store: Store):
        self._store = store
        self._attempts = Attempts(store)
        self.tokens = Tokens(store)
        self.sessions = Sessions(store)
        self.links = Links(store)

    # -- the register --
    def add(self, name: str, password: str | None, role: str) -> User:
        """A new user.  password: None: nobody can log in so until one is set, by a link say.

        Raises InvalidRequest when the name is taken or the name, password or role cannot be used."""
        record = {
            "role": usable_role(role),
            "password": NOBODY if password is None else hashed(usable_password(password)),
            "epoch": _new_epoch(),
            "created_at": self._store.now(),
        }
        if not self._store.client.hsetnx(self._users, _usable_name(name), _encoded(record)):
            raise InvalidRequest(f"There is already a user named {name}.")
        return _user(name, record)

    def remove(self, name: str, *, keep_an_admin: bool = False) -> None:
        """Takes the user away; open sessions and tokens end.

        Raises UserNotFound; with `keep_an_admin` InvalidRequest for the last admin."""

        def take(transaction):
            if _decoded(transaction.hget(self._users, to_bytes(name))) and keep_an_admin:
                self._check_admins(transaction, name)
            transaction.multi()
            transaction.hdel(self._users, to_bytes(name))

        with our_errors():
            (removed,) = self._store.client.transaction(take, self._users)
        if not removed:
            raise _not_found(name)
        self.sessions.end_all(name)
        self.tokens.revoke_all(name)
        self.links.revoke(name)

    def set_password(self, name: str, password: str) -> User:
        """The user with a new password; open sessions end, and a link to set one.

        Raises UserNotFound, InvalidRequest."""
        return self._change(name, password=hashed(usable_password(password)))

    def set_password_by_link(self, name: str, secret: str, password: str, *, address: str) -> User:
        """The same, for whoever has the link of that user; it works once, whoever else has it too.

        Failures are slowed down per address as those with tokens are.  Raises InvalidRequest for a password that cannot
        be used, InvalidCredentials (see `authenticate`) without such a link."""
        usable_password(password)
        if self.link(name, secret) is None:
            raise refusal(NO_SUCH_LINK, self._attempts.begin(f"\nlink\n{address}"))

        def still_open(record, transaction):
            found = read_link(name, transaction.hget(self._store.keys.links(), to_bytes(name)))
            if not fits(found, secret) or not found.is_open(_user(name, record), self._store.now()):
                raise refusal(NO_SUCH_LINK, 0)

        return self._change(name, check=still_open, password=hashed(password))

    def link(self, name: str, secret: str) -> Link | None:
        """The link of that user if this is its secret and it can still be used."""
        user = self.find(name)
        found = self.links.of(user) if user else None
        return found if fits(found, secret) else None

    def set_role(self, name: str, role: str, *, keep_an_admin: bool = False) -> User:
        """The user with another role; open sessions end.

        Raises UserNotFound, InvalidRequest, with `keep_an_admin` also when no admin would be left."""
        return self._change(name, keep_an_admin=keep_an_admin and role != ROLES[-1], role=usable_role(role))

    def grant(self, name: str, role: str, queue: str) -> User:
        """The user with a role, operator or admin, on `queue` and its subqueues; it replaces one on the same queue.

        It counts from the next request on, sessions stay.  Raises UserNotFound, InvalidRequest, InvalidQueueName."""
        granted = usable_grant(role, queue)
        return self._regrant(name, lambda grants: with_grant(grants, granted))

    def revoke(self, name: str, queue: str) -> User:
        """The user without the grant on exactly this queue.  Raises UserNotFound, InvalidRequest without such a one."""

        def without(grants):
            left = tuple(grant for grant in grants if grant.queue != queue)
            if len(left) == len(grants):
                raise InvalidRequest(f"{name} has no grant on that queue.")
            return left

        return self._regrant(name, without)

    def end_sessions(self, name: str) -> User:
        """The user, logged out everywhere.  Raises UserNotFound."""
        return self._change(name)

    def find(self, name: str) -> User | None:
        """The user of that name, from one field of the hash."""
        record = self._record(name)
        return _user(name, record) if record else None

    def count(self) -> int:
        """How many users there are."""
        return self._store.client.hlen(self._users)

    def all(self) -> list[User]:
        """Every user, by name."""
        records = {to_text(name): _decoded(raw) for name, raw in self._store.client.hgetall(self._users).items()}
        return [_user(name, records[name]) for name in sorted(records) if records[name]]

    # -- proof --
    def authenticate(self, name: str, password: str, *, address: str) -> User:
        """The user whose name and password these are.

        After three failures in a row from one address each further attempt has to wait: 2, 4, 8 … up to 300 seconds.
        Raises InvalidCredentials: `retry_after_seconds` (int) is how long further attempts will not be looked at,
        `waiting` (bool) says that this one was not."""
        subject = f"{name}\n{address}"
        wait_seconds = self._attempts.begin(subject)
        record = self._record(name)
        known = record or {"password": NOBODY}
        if not matches(password, known["password"]) or not record:
            raise refusal("The user name or the password is not right.", wait_seconds)
        self._attempts.forget(subject)
        return _user(name, record)

    def of_session(self, name: str, epoch, session_id: str | None) -> User | None:
        """The user of a session that goes on: it has their epoch, and is in the register.  Notes that it was seen.

        session_id: None for one that began while Redis was full; the epoch alone ends it."""
        keys, pipeline = self._store.keys, self._store.client.pipeline()
        pipeline.hget(self._users, to_bytes(name))
        pipeline.hmget(keys.sessions(name), self.sessions.fields(session_id or ""))
        raw, (listed, seen_at) = pipeline.execute()
        record = _decoded(raw)
        user = _user(name, record) if record else None
        if user is None or user.epoch != epoch:
            return None
        if session_id is not None:
            if not is_open(listed, user, self._store.now()):
                return None
            self.sessions.note_seen(user, session_id, seen_at)
        return user

    def of_token(self, text: str, *, address: str) -> tuple[User, Token]:
        """Whose token this is, with no more rights than it gives, and the token.

        Failures are slowed down per address as logins are; a token that is right is never made to wait.  Raises
        InvalidCredentials: see `authenticate`."""
        token = self.tokens.holder_of(text)
        user = token and self.find(token.user)
        if not user or user.created_at != token.user_since_at:
            wait_seconds = self._attempts.begin(f"\napi\n{address}")
            raise refusal("This token is not known, has expired or was revoked.", wait_seconds)
        self.tokens.note_use(token)
        return user.limited(token.role, token.queues), token

    def signing_key(self) -> str:
        """The key that signs sessions: made once, the same for every process on this Redis."""
        client, key = self._store.client, self._store.keys.secret()
        # read first: a full Redis refuses even a SET that would do nothing
        if not client.get(key):
            client.set(key, secrets.token_hex(32), nx=True)
        return to_text(client.get(key))

    # -- inside --
    @property
    def _users(self) -> bytes:
        return self._store.keys.users()

    def _record(self, name: str) -> dict | None:
        return _decoded(self._store.client.hget(self._users, to_bytes(name)))

    def _change(self, name: str, *, keep_an_admin: bool = False, check=None, **fields) -> User:
        def changed(record, transaction):
            if keep_an_admin:
                self._check_admins(transaction, name)
            if check:
                check(record, transaction)
            return {**record, **fields, "epoch": _new_epoch()}

        user = self._swap(name, changed, ends_link="password" in fields)
        self.sessions.end_all(name)
        return user

    def _regrant(self, name: str, regranted) -> User:
        def changed(record, _):
            grants = regranted(_grants(record))
            return {**record, "grants": [{"role": grant.role, "queue": grant.queue} for grant in grants]}

        return self._swap(name, changed)

    def _swap(self, name: str, changed, *, ends_link: bool = False) -> User:
        links = self._store.keys.links()

        def swap(transaction):
            record = _decoded(transaction.hget(self._users, to_bytes(name)))
            if record is None:
                raise _not_found(name)
            after = changed(record, transaction)
            transaction.multi()
            transaction.hset(self._users, to_bytes(name), _encoded(after))
            if ends_link:
                transaction.hdel(links, to_bytes(name))
            return _user(name, after)

        with our_errors():
            return self._store.client.transaction(swap, self._users, links, value_from_callable=True)

    def _check_admins(self, transaction, name: str) -> None:
        others = {to_text(one): _decoded(raw) for one, raw in transaction.hgetall(self._users).items()}
        me = others.pop(name, None)
        if me and me["role"] == ROLES[-1] and not any(one and one["role"] == ROLES[-1] for one in others.values()):
            raise InvalidRequest(f"{name} is the only admin; make somebody else one first.")


def _not_found(name: str) -> UserNotFound:
    return UserNotFound(f"There is no user named {name}.", name=name)


def _new_epoch() -> int:
    # drawn, not counted: a user removed and added again must not meet an old session's number
    return secrets.randbits(53)


def _usable_name(name: str) -> str:
    if not _NAME.match(name):
        raise InvalidRequest(
            "A user name has 1 to 64 letters, digits or . _ - @ + (no spaces), and begins with a letter or digit."
        )
    return name


# -- records --
def _encoded(record: dict) -> str:
    return json.dumps(record, sort_keys=True)


def _decoded(raw: bytes | None) -> dict | None:
    try:
        record = json.loads(raw or b"null")
        usable = record["role"] in ROLES and isinstance(record["password"], str) and isinstance(record["epoch"], int)
        return record if usable and 0 <= float(record["created_at"]) < 1e11 else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _user(name: str, record: dict) -> User:
    created_at = float(record["created_at"])
    return User(name=name, role=record["role"], epoch=record["epoch"], created_at=created_at, grants=_grants(record))


def _grants(record: dict) -> tuple[Grant, ...]:
    """What cannot be read grants nothing."""
    written = record.get("grants")
    read = [one for one in written if isinstance(one, dict)] if isinstance(written, list) else []
    return tuple(
        Grant(one["role"], one["queue"])
        for one in read
        if one.get("role") in GRANTED_ROLES and isinstance(one.get("queue"), str) and one["queue"]
    )
