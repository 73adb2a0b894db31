"""Numbers in the text format of Prometheus, version 0.0.4.  Pure."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from console.presenters import visible

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
COUNTER, GAUGE = "counter", "gauge"
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True)
class Family:
    """One metric.  samples: (labels, value); a value of None is unknown and left out, never 0."""

    name: str
    kind: str
    help: str
    samples: tuple[tuple[dict[str, str], float | None], ...]


def text(families: Iterable[Family]) -> str:
    """The page; families without a known sample are left out."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def single(name: str, kind: str, told: str, value: float | None) -> Family:
    return Family(name, kind, told, (({}, value),))


def _lines(family):
    known = [(labels, value) for labels, value in family.samples if value is not None and not math.isnan(value)]
    if not known:
        return
    yield f"# HELP {family.name} {family.help}"
    yield f"# TYPE {family.name} {family.kind}"
    seen = set()
    for labels, value in known:
        told = ",".join(f'{name}="{visible(text).translate(_ESCAPES)}"' for name, text in labels.items())
        if told not in seen:  # two names of odd bytes may look alike; a series must not come twice
            seen.add(told)
            yield f"{family.name}{{{told}}} {_number(value)}" if told else f"{family.name} {_number(value)}"


def _number(value) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(value) if isinstance(value, int) else repr(float(value))
