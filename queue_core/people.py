"""Who may use the console: names, roles, and passwords as scrypt hashes.

One hash holds a JSON record per user.  A record's epoch is a number drawn anew whenever open sessions must end.  A
record that cannot be read belongs to nobody.
"""

import hashlib
import hmac
import json
import math
import re
import secrets
import unicodedata
from dataclasses import dataclass

from queue_core.connection import our_errors
from queue_core.errors import InvalidCredentials, InvalidRequest, StoreFull, UserNotFound
from queue_core.store import Store
from queue_core.text import to_bytes, to_text

ROLES = ("viewer", "operator", "admin")
"""Each may do all that those before it may."""

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000
FREE_FAILURES = 3
LONGEST_WAIT_SECONDS = 300
FORGET_FAILURES_SECONDS = 900

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}\Z")
_SCRYPT = {"n": 2**15, "r": 8, "p": 1}
_SCRYPT_MEMORY = 128 * 1024 * 1024
_NOBODY = "scrypt$32768$8$1$00$00"


@dataclass(frozen=True)
class User:
    """A user as the console sees one: no password, no hash.  `created_at` in Unix seconds."""

    name: str
    role: str
    epoch: int
    created_at: float


class People:
    """The users of the console, and how they prove who they are."""

    def __init__(self, store: Store):
        self._store = store

    # -- the register --
    def add(self, name: str, password: str, role: str) -> User:
        """A new user.  Raises InvalidRequest when the name is taken or the name, password or role cannot be used."""
        record = {
            "role": _usable_role(role),
            "password": _hashed(_usable_password(password)),
            "epoch": _new_epoch(),
            "created_at": self._store.now(),
        }
        if not self._store.client.hsetnx(self._users, _usable_name(name), _encoded(record)):
            raise InvalidRequest(f"There is already a user named {name}.")
        return _user(name, record)

    def remove(self, name: str) -> None:
        """Takes the user away; open sessions end.  Raises UserNotFound."""
        if not self._store.client.hdel(self._users, to_bytes(name)):
            raise _not_found(name)

    def set_password(self, name: str, password: str) -> User:
        """The user with a new password; open sessions end.  Raises UserNotFound, InvalidRequest."""
        return self._change(name, password=_hashed(_usable_password(password)))

    def set_role(self, name: str, role: str) -> User:
        """The user with another role; open sessions end.  Raises UserNotFound, InvalidRequest."""
        return self._change(name, role=_usable_role(role))

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
        failures = self._store.keys.login_failures(f"{name}\n{address}")
        wait_seconds = self._count_attempt(failures)
        record = self._record(name)
        known = record or {"password": _NOBODY}
        if not _matches(password, known["password"]) or not record:
            raise _wrong(wait_seconds)
        self._store.client.delete(failures)
        return _user(name, record)

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

    def _change(self, name: str, **fields) -> User:
        def swap(transaction):
            record = _decoded(transaction.hget(self._users, to_bytes(name)))
            if record is None:
                raise _not_found(name)
            changed = {**record, **fields, "epoch": _new_epoch()}
            transaction.multi()
            transaction.hset(self._users, to_bytes(name), _encoded(changed))
            return _user(name, changed)

        with our_errors():
            return self._store.client.transaction(swap, self._users, value_from_callable=True)

    def _count_attempt(self, failures: bytes) -> int:
        """Seconds to wait should this attempt fail as well.  Counted before the password is looked at: many attempts at
        once must not all pass as the third."""
        before, left_ms = self._store.client.pipeline().get(failures).pttl(failures).execute()
        before = int(before or 0)
        elapsed_seconds = FORGET_FAILURES_SECONDS - max(left_ms, 0) / 1000
        if before >= FREE_FAILURES and elapsed_seconds < _wait_seconds(before):
            raise _too_many(_wait_seconds(before) - elapsed_seconds)
        count = self._counted(failures)
        if count is None:
            return 0
        if count > FREE_FAILURES and count != before + 1:
            raise _too_many(_wait_seconds(count))
        return _wait_seconds(count)

    def _counted(self, failures: bytes) -> int | None:
        """The attempts so far with this one; None when Redis is full and takes no count."""
        try:
            return self._store.client.pipeline().incr(failures).expire(failures, FORGET_FAILURES_SECONDS).execute()[0]
        except StoreFull:
            # whoever comes to purge a full Redis must not be locked out by its being full
            return None


def _wait_seconds(failures: int) -> int:
    if failures < FREE_FAILURES:
        return 0
    # the exponent is bounded: the counter comes from Redis and may hold anything
    return min(LONGEST_WAIT_SECONDS, 2 ** min(failures - FREE_FAILURES + 1, 16))


def _wrong(wait_seconds: int) -> InvalidCredentials:
    text = "The user name or the password is not right."
    if wait_seconds:
        text += f" After so many failures the next attempt has to wait {wait_seconds} s."
    return InvalidCredentials(text, retry_after_seconds=wait_seconds, waiting=False)


def _too_many(seconds: float) -> InvalidCredentials:
    whole = max(1, math.ceil(seconds))
    text = f"Too many failed attempts: try again in {whole} s."
    return InvalidCredentials(text, retry_after_seconds=whole, waiting=True)


def _not_found(name: str) -> UserNotFound:
    return UserNotFound(f"There is no user named {name}.", name=name)


def _new_epoch() -> int:
    # drawn, not counted: a user removed and added again must not meet an old session's number
    return secrets.randbits(53)


# -- rules --
def _usable_name(name: str) -> str:
    if not _NAME.match(name):
        raise InvalidRequest(
            "A user name has 1 to 64 letters, digits or . _ - @ + (no spaces), and begins with a letter or digit."
        )
    return name


def _usable_password(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidRequest(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    return password


def _usable_role(role: str) -> str:
    if role not in ROLES:
        raise InvalidRequest(f"There is no role {role!r}; the roles are {', '.join(ROLES)}.")
    return role


# -- passwords: scrypt$n$r$p$salt$hash --
def _hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    derived = _derived(password, salt, **_SCRYPT)
    return "$".join(("scrypt", *map(str, _SCRYPT.values()), salt.hex(), derived.hex()))


def _matches(password: str, stored: str) -> bool:
    try:
        method, n, r, p, salt, expected = stored.split("$")
        derived = _derived(password[: LONGEST_PASSWORD + 1], bytes.fromhex(salt), n=int(n), r=int(r), p=int(p))
        return method == "scrypt" and hmac.compare_digest(derived, bytes.fromhex(expected))
    except (ValueError, MemoryError, OverflowError):
        return False


def _derived(password: str, salt: bytes, *, n: int, r: int, p: int) -> bytes:
    # one character may be typed in several ways; all of them are the same password
    typed = to_bytes(unicodedata.normalize("NFKC", password))
    return hashlib.scrypt(typed, salt=salt, n=n, r=r, p=p, maxmem=_SCRYPT_MEMORY, dklen=32)


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
    return User(name=name, role=record["role"], epoch=record["epoch"], created_at=float(record["created_at"]))
