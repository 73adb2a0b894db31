"""Whether Redis is occupied for too long at a time."""

from tests.waiting import wait_until

THRESHOLD_MICROSECONDS = 10_000


def assert_never_slow(raw, act) -> None:
    """No command of `act` occupies Redis for 10 ms.  Tried again when it does: a busy machine is slow by itself."""
    raw.config_set("slowlog-log-slower-than", THRESHOLD_MICROSECONDS)

    def was_quick():
        raw.slowlog_reset()
        act()
        return raw.slowlog_len() == 0

    wait_until(was_quick, 60, "every time a command was slow")
