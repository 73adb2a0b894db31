"""A program of its own, run by `sending.py`: sends one request, says what came of it, and ends in time.

Reads {url, body, headers, silent_seconds, deadline_seconds} as JSON, and prints {status, said}: status is null when
there was no reply.  Nothing but the standard library is imported.
"""

import contextlib
import json
import signal
import sys
import urllib.request

MOST_READ_BYTES = 1000


def main() -> None:
    wanted = json.load(sys.stdin.buffer)
    # the default action ends the process wherever it is, in the middle of resolving a name too
    signal.alarm(wanted.pop("deadline_seconds"))
    print(json.dumps(post(**wanted)))


def post(url: str, body: str, headers: dict, silent_seconds: float) -> dict:
    request = urllib.request.Request(url, body.encode(), headers, method="POST")
    try:
        with _opener().open(request, timeout=silent_seconds) as reply:
            return {"status": reply.status, "said": _first_of(reply)}
    except Exception as error:
        return {"status": None, "said": str(getattr(error, "reason", "") or error) or type(error).__name__}


def _first_of(reply) -> str:
    """What has come by the first look: the status is the answer, the rest is only shown to people."""
    with contextlib.suppress(Exception):
        return reply.read1(MOST_READ_BYTES).decode("utf-8", "replace")
    return ""


def _opener():
    """Follows no redirects, knows no other schemes, sends no cookies and no passwords."""
    opener = urllib.request.OpenerDirector()
    for handler in (urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
        opener.add_handler(handler())
    return opener


if __name__ == "__main__":
    main()
