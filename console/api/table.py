"""The routes of the API: each named once, with what it takes and gives; server and document are made of this table."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, field

TEXT, NUMBER, WHOLE, FLAG, TEXTS = "text", "number", "whole number", "yes or no", "texts"
SCHEMAS = {
    TEXT: {"type": "string"},
    NUMBER: {"type": "number"},
    WHOLE: {"type": "integer"},
    FLAG: {"type": "boolean"},
    TEXTS: {"type": "array", "items": {"type": "string"}},
}


@dataclass(frozen=True)
class Field:
    """One thing that a request may hold.  kind: a key of SCHEMAS; choices: the only values."""

    kind: str
    what: str
    required: bool = False
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None

    @property
    def schema(self) -> dict:
        bounds = {"minimum": self.least, "maximum": self.most, "enum": list(self.choices) or None}
        return SCHEMAS[self.kind] | {name: value for name, value in bounds.items() if value is not None}


@dataclass(frozen=True)
class Route:
    """path: under /api/v1, as Flask writes it.  right: as for `auth.may`.  gives: a name in SHAPES."""

    method: str
    path: str
    right: str
    what: str
    gives: str
    view: Callable
    query: dict[str, Field] = field(default_factory=dict)
    body: dict[str, Field] = field(default_factory=dict)
    status: int = 200

    @property
    def name(self) -> str:
        return self.view.__name__

    @property
    def arguments(self) -> list[str]:
        return re.findall(r"<(?:\w+:)?(\w+)>", self.path)

    @property
    def template(self) -> str:
        """The path as OpenAPI writes it."""
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", self.path)


def route(table: list[Route], method: str, path: str, right: str, what: str, **more):
    """Puts a view into `table`; it gets what the query and the body hold as keywords, None where they are silent."""

    def add(view):
        table.append(Route(method, path, right, what, view=view, **more))
        return view

    return add


get = functools.partial(route, method="GET", right="look")
post = functools.partial(route, method="POST", right="operate")
