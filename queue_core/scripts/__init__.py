"""The Lua scripts: one file per arrow of the state machine, each with a contract in its head.

    -- finish: a run has succeeded      (active -> gone)
    -- KEYS    active zset, payload string        name and type of every key, in order
    -- ARGV    id, queue, lease                   name of every argument; a last `ids...` takes all the rest
    -- DERIVES task_prefix .. id                  keys made inside, of ids that the script itself takes (optional)
    -- where   lease: the active score              what a name alone does not tell (optional)
    -- gives   OK
    -- refuses LEASE_LOST                         code words, each with its exception in `queue_core.errors` (optional)
    -- event   done                               what the caller logs (optional)
    -- include forget                             shared steps from include/ (optional)

The loader turns the head into the first lines of the script, which name the keys and arguments and refuse a key of a
wrong type before anything is written; so the head cannot drift away from the body.  The type `any` is for the keys of
one task, where a wrong type must not keep that task in its state for ever, and for those that all queues have in common
and can do without, where it must not stop them all.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
_TYPES = {"zset", "set", "string", "list", "hash", "stream", "channel", "any"}
_HEAD_LINE = re.compile(r"^-- (KEYS|ARGV|DERIVES|where|gives|refuses|event|include)\b(.*)$")
_TITLE = re.compile(r"^-- (\w+): \S.*$")


class BadHead(Exception):
    """A script without a sound contract in its head."""


@dataclass(frozen=True)
class Script:
    """One script, ready to be sent.  keys: (name, type) in order; a name ending in `...` stands for all the rest."""

    name: str
    keys: tuple[tuple[str, str], ...]
    args: tuple[str, ...]
    refuses: tuple[str, ...]
    source: bytes
    sha: str

    def bind(self, values: dict) -> tuple[int, list]:
        """(number of keys, keys and arguments in order) from values by name."""
        keys = _in_order([name for name, _ in self.keys], values)
        return len(keys), keys + _in_order(self.args, values)


def _in_order(names, values):
    ordered = []
    for name in names:
        if name.endswith("..."):
            ordered.extend(values[name[:-3]])
        else:
            ordered.append(values[name])
    return ordered


def all_names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.lua"))


@cache
def load(name: str) -> Script:
    """The script called `name`.  Raises BadHead when its contract is missing or unsound."""
    text = (FOLDER / f"{name}.lua").read_text()
    head = _read_head(name, text)
    keys, args = _named_keys(name, head), _names(head.get("ARGV", ""))
    includes = [
        (FOLDER / "include" / f"{part}.lua").read_text() for part in ["refuse", *_names(head.get("include", ""))]
    ]
    source = "\n".join([*includes, *_prologue(keys, args), text]).encode()
    refuses = tuple(re.findall(r"\b[A-Z]+_[A-Z_]+\b", head.get("refuses", "")))
    return Script(name, keys, args, refuses, source, hashlib.sha1(source).hexdigest())


def _read_head(name, text) -> dict:
    lines = text.splitlines()
    title = _TITLE.match(lines[0]) if lines else None
    if not title or title[1] != name:
        raise BadHead(f"{name}.lua must begin with `-- {name}: what it does`.")
    head, last = {}, None
    for line in lines[1:]:
        if not line.startswith("--"):
            break
        found = _HEAD_LINE.match(line)
        if found:
            last = found[1]
            head[last] = found[2].strip()
        elif last:  # a line that goes on
            head[last] += " " + line.lstrip("- ").strip()
    missing = {"KEYS", "ARGV", "gives"} - head.keys()
    if missing:
        raise BadHead(f"{name}.lua does not say its {', '.join(sorted(missing))}.")
    return head


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _named_keys(name, head):
    pairs = tuple(tuple(part.rsplit(" ", 1)) for part in _names(head["KEYS"]))
    for pair in pairs:
        if len(pair) != 2 or pair[1] not in _TYPES:
            raise BadHead(f"{name}.lua: every key needs a name and a type, unlike {' '.join(pair)!r}.")
    return pairs


def _prologue(keys, args):
    yield from _locals("KEYS", [name for name, _ in keys])
    yield from _locals("ARGV", args)
    types = ", ".join(
        "false" if kind in ("channel", "any") or key.endswith("...") else f"'{kind}'" for key, kind in keys
    )
    yield f"local wrong_type = find_wrong_type({{{types}}})"
    yield "if wrong_type then return wrong_type end"


def _locals(table, names):
    single = [name for name in names if not name.endswith("...")]
    if single:
        yield f"local {', '.join(single)} = unpack({table}, 1, {len(single)})"
    if len(single) < len(names):
        rest = names[-1][:-3]
        # one by one: unpack refuses more than about 8,000
        yield f"local {rest} = {{}}"
        yield f"for i = {len(single) + 1}, #{table} do {rest}[#{rest} + 1] = {table}[i] end"
