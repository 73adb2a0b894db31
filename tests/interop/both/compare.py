"""What differs between the aftermaths of two runs, as short lines that a test can name."""

import json
from collections import Counter


def differences(theirs, ours, path="") -> list[str]:
    """The places of a JSON value that differ: "path" where both have something, "-path" theirs alone, "+path" ours."""
    if theirs == ours:
        return []
    if not (isinstance(theirs, dict) and isinstance(ours, dict)):
        return [path]
    found = [f"-{path}/{name}" for name in theirs.keys() - ours.keys()]
    found += [f"+{path}/{name}" for name in ours.keys() - theirs.keys()]
    for name in theirs.keys() & ours.keys():
        found += differences(theirs[name], ours[name], f"{path}/{name}")
    return sorted(found)


def differences_of_logs(theirs, ours) -> list[str]:
    """The lines that only one has: "-level event" theirs alone, "+level event" ours."""
    their_lines, our_lines = (Counter(map(json.dumps, _plain(lines))) for lines in (theirs, ours))
    found = [f"-{_head(line)}" for line in (their_lines - our_lines).elements()]
    return sorted(found + [f"+{_head(line)}" for line in (our_lines - their_lines).elements()])


def _plain(lines):
    """The same with every number as a float: 0 and 0.0 are one delay."""
    return json.loads(json.dumps(lines), parse_int=float)


def _head(line) -> str:
    level, event, _ = json.loads(line)
    return f"{level} {event}"
