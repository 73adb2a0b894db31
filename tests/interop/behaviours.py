"""What the tasks of `lives` do.  Imported under either side's `tasktiger`; every run is noted in the file LIVES_LOG."""

import os

from tasktiger import RetryException, StopRetry, fixed


def act(what, number, k=0):
    note(f"{what} {number} {k}")
    BEHAVIOURS[what]()


def together(calls):
    note(f"together {sorted(map(str, calls))}")
    if any("fail" in call["args"] for call in calls):
        raise ValueError("on purpose")


def note(line):
    with open(os.environ["LIVES_LOG"], "a", encoding="utf-8") as log:
        log.write(line + "\n")


def once(number):
    """A retry method of an application: at once, one time."""
    if number > 1:
        raise StopRetry
    return 0


def raising(make):
    def behaviour():
        raise make()

    return behaviour


def in_the_middle():
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        raise RetryException(fixed(0, 2), original_traceback=True) from None


BEHAVIOURS = {
    "succeed": lambda: None,
    "fail": raising(lambda: ValueError("on purpose")),
    "fail otherwise": raising(lambda: KeyError("on purpose")),
    "ask for a retry": raising(lambda: RetryException(fixed(0, 1))),
    "ask for any retry": raising(RetryException),
    "ask quietly": raising(lambda: RetryException(fixed(0, 1), log_error=False)),
    "ask quietly for any": raising(lambda: RetryException(log_error=False)),
    "ask in the middle": in_the_middle,
}
