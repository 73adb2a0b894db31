"""What failed runs of one cause have in common: a fingerprint of their exception and traceback.  Pure.

It is made of the root cause of chained exceptions: its class, the functions of the application that it passed, and its
message without what differs from run to run.  Line numbers and folders stay out, so it survives deploys.
"""

import hashlib
import re
from dataclasses import dataclass

from queue_core.masking import Masking

RULES = 1
"""Part of every id: other rules make other groups, and both can be told apart."""

MOST_FRAMES = 50
MOST_CHARACTERS = 200_000
MOST_LINE_CHARACTERS = 1_000
MOST_MESSAGE_CHARACTERS = 300
MOST_NAME_CHARACTERS = 200

_HEADER = "Traceback (most recent call last):"
_CHAINED = {
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
}
_FRAME = re.compile(r'^  File "([^"]*)", line (\d{1,19}), in (.+)$')
_CLASS = re.compile(r"^[^\W\d][\w.]*$")
_FOREIGN = re.compile(
    r"/(?:site|dist)-packages/|/python[\d.]*/lib/|/lib(?:64|32)?/python[\d.]+(?:/|\.zip)|/queue_core/|^<"
)
_INLINED = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>"})
"""Frames that some versions of Python have and others have not."""

_VARYING = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?)"
    r"|(?P<uuid>\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b)"
    r"|(?P<url>\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s'\"]+)"
    r"|(?P<email>(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,190})"
    r"|(?P<address>\b0x[0-9a-fA-F]+\b|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b)"
    r"|(?P<text>(?<!\w)'[^'\n]*'(?!\w)|(?<!\w)\"[^\"\n]*\"(?!\w)|`[^`\n]*`)"
    r"|(?P<path>(?<![\w.])(?:[A-Za-z]:)?(?:[/\\][\w.@~+-]+){2,}[/\\]?)"
    r"|(?P<hex>\b(?=\d*[a-fA-F])(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}\b)"
    r"|(?P<n>\d+(?:[.,_]\d+)*)"
)


_MASKING = Masking()


@dataclass(frozen=True)
class Fingerprint:
    """title: the class and the message without secrets and without what varies.  culprit: `file:line function` of the
    application, or ''.

    grouped: False where there was no traceback to read; then all of one class are one group."""

    id: str
    exception: str
    title: str
    culprit: str
    grouped: bool


@dataclass(frozen=True)
class _Frame:
    path: str
    line: str
    function: str

    @property
    def place(self) -> str:
        return f"{_last_parts(self.path, 1).removesuffix('.py')}.{self.function}"


@dataclass
class _Raised:
    """One exception of a chain: its frames, outermost first, and its line."""

    frames: list
    line: str | None = None


def fingerprint(exception_name: str, traceback: str | None) -> Fingerprint:
    """The fingerprint of a failed run; for any text.  The work grows with the length of the traceback and no faster."""
    chain = _chain(traceback or "")
    if not chain:
        return _coarse(_class_name(exception_name))
    root = chain[0]
    name, message = _split(root.line, exception_name)
    frames = next((found for found in map(_own, chain) if found), [])
    pattern = normalised(message)
    # hidden before anything is normalised: of a key without its digits nobody could tell what it was
    shown = normalised(_MASKING.text(message))
    title = f"{_last_name(name)}: {shown}" if shown else _last_name(name)
    places = list(dict.fromkeys(frame.place for frame in frames))[-MOST_FRAMES:]
    return Fingerprint(_id("trace", name, pattern, *places), name, title, _culprit(frames), True)


def fingerprint_of_failure(execution, failed_at: float) -> Fingerprint:
    """The fingerprint of a task that failed for good at that moment.  execution: its newest failed run, or None."""
    if execution is None:
        return UNRECORDED
    if execution.predates(failed_at):
        return DIED
    return fingerprint(execution.exception_name, execution.traceback)


def normalised(message: str) -> str:
    """The first line of a message, with a word in the place of each part that differs from run to run."""
    first = message.strip().partition("\n")[0][:MOST_MESSAGE_CHARACTERS]
    return " ".join(_VARYING.sub(_word, first).split())


def _word(found) -> str:
    # an id in hexadecimal may happen to have digits only
    return "<n>" if found.lastgroup == "hex" else f"<{found.lastgroup}>"


def _coarse(name: str) -> Fingerprint:
    return Fingerprint(_id("class", name), name, _last_name(name), "", False)


def _id(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
    return f"{RULES}-{digest.hexdigest()[:16]}"


def is_library(path: str) -> bool:
    """Whether a file named in a traceback is a library's, Python's or the engine's, and not the application's."""
    return bool(_FOREIGN.search(path.replace("\\", "/")))


# -- the traceback --


def _chain(traceback: str) -> list[_Raised]:
    """The exceptions of a traceback, the root cause first; those that it does not name completely are left out."""
    chain, raised = [], _Raised([])
    for line in traceback[:MOST_CHARACTERS].split("\n"):
        line = line[:MOST_LINE_CHARACTERS].rstrip("\r")
        if line in _CHAINED:
            chain.append(raised)
            raised = _Raised([])
        elif raised.line is None:
            _read(line, raised)
    chain.append(raised)
    return [one for one in chain if one.frames and one.line]


def _read(line: str, raised: _Raised) -> None:
    # what follows the line of the exception belongs to its message, which may quote another traceback
    found = _FRAME.match(line)
    if found:
        raised.frames.append(_Frame(found[1].replace("\\", "/"), found[2], found[3][:MOST_NAME_CHARACTERS]))
    elif raised.frames and line.strip() and not line[0].isspace() and line != _HEADER and line[0] != "[":
        raised.line = line


def _own(raised: _Raised) -> list[_Frame]:
    """The frames of the application."""
    return [one for one in raised.frames if one.function not in _INLINED and not is_library(one.path)]


def _split(line: str, exception_name: str) -> tuple[str, str]:
    """(class, message) of the last line of a traceback."""
    name, _, message = line.partition(":")
    if not _CLASS.match(name):
        return _class_name(exception_name), line
    return _class_name(name), message


def _class_name(name: str) -> str:
    plain = name.strip()[:MOST_NAME_CHARACTERS].replace(":", ".")
    return plain.removeprefix("builtins.") or "unknown"


def _last_name(name: str) -> str:
    return name.rpartition(".")[2] or name


def _culprit(frames) -> str:
    if not frames:
        return ""
    return f"{_last_parts(frames[-1].path, 2)}:{frames[-1].line} {frames[-1].function}"


def _last_parts(path: str, count: int) -> str:
    return "/".join(path.rsplit("/", count)[-count:])[-MOST_NAME_CHARACTERS:]


UNRECORDED = fingerprint("left no record of the failure", None)
DIED = fingerprint("died without a traceback", None)
UNREADABLE = fingerprint("unreadable record", None)
"""Of tasks in error that have no failed run, an older one only, and one that Redis cannot give."""

WITHOUT_RECORD = frozenset({UNRECORDED.id, DIED.id, UNREADABLE.id})
"""What is known of a failure only by what its task lacks; no run tells it."""
