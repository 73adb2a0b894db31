"""Failed attempts to prove who one is: counted in a row, and slowed down."""

import math

from queue_core.errors import InvalidCredentials, StoreFull
from queue_core.store import Store

FREE_FAILURES = 3
LONGEST_WAIT_SECONDS = 300
FORGET_FAILURES_SECONDS = 900


class Attempts:
    """Counts attempts per subject: a name and an address, say."""

    def __init__(self, store: Store):
        self._store = store

    def begin(self, subject: str) -> int:
        """Counts one attempt; gives the seconds to wait should it fail as well.

        Counted before anything is looked at: many attempts at once must not all pass as the third.  Raises
        InvalidCredentials (`waiting`) when the failures before it have not been waited for."""
        failures = self._key(subject)
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

    def forget(self, subject: str) -> None:
        """Says that an attempt went well."""
        self._store.client.delete(self._key(subject))

    def _key(self, subject: str) -> bytes:
        return self._store.keys.login_failures(subject)

    def _counted(self, failures: bytes) -> int | None:
        """The attempts so far with this one; None when Redis is full and takes no count."""
        try:
            return self._store.client.pipeline().incr(failures).expire(failures, FORGET_FAILURES_SECONDS).execute()[0]
        except StoreFull:
            # whoever comes to purge a full Redis must not be locked out by its being full
            return None


def refusal(text: str, wait_seconds: int) -> InvalidCredentials:
    """What an attempt that failed is answered with."""
    if wait_seconds:
        text += f" After so many failures the next attempt has to wait {wait_seconds} s."
    return InvalidCredentials(text, retry_after_seconds=wait_seconds, waiting=False)


def _wait_seconds(failures: int) -> int:
    if failures < FREE_FAILURES:
        return 0
    # the exponent is bounded: the counter comes from Redis and may hold anything
    return min(LONGEST_WAIT_SECONDS, 2 ** min(failures - FREE_FAILURES + 1, 16))


def _too_many(seconds: float) -> InvalidCredentials:
    whole = max(1, math.ceil(seconds))
    text = f"Too many failed attempts: try again in {whole} s."
    return InvalidCredentials(text, retry_after_seconds=whole, waiting=True)
