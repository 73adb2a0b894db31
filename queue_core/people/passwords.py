"""Passwords as scrypt hashes: scrypt$n$r$p$salt$hash."""

import hashlib
import hmac
import secrets
import unicodedata

from queue_core.errors import InvalidRequest
from queue_core.text import to_bytes

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000

NOBODY = "scrypt$32768$8$1$00$00"
"""What no password matches, and takes as long to find out as any other."""

_SCRYPT = {"n": 2**15, "r": 8, "p": 1}
_SCRYPT_MEMORY = 128 * 1024 * 1024


def usable_password(password: str) -> str:
    """`password`.  Raises InvalidRequest when it is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidRequest(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    return password


def hashed(password: str) -> str:
    """What is kept of a password."""
    salt = secrets.token_bytes(16)
    derived = _derived(password, salt, **_SCRYPT)
    return "$".join(("scrypt", *map(str, _SCRYPT.values()), salt.hex(), derived.hex()))


def matches(password: str, stored: str) -> bool:
    """Whether `stored` is what is kept of this password."""
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
