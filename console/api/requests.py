"""What a request of the API holds, checked against the fields that its route names."""

import json

from flask import request

from console.api.table import FLAG, NUMBER, TEXT, TEXTS, WHOLE, Field
from queue_core.errors import InvalidRequest


def taken(query: dict[str, Field], body: dict[str, Field]) -> dict:
    """{name: value or None} of every field.  Raises InvalidRequest for what is missing, unknown or of another kind."""
    return _checked(_query(query), query, "query") | _checked(_body(), body, "body")


def _query(fields) -> dict:
    return {name: _parsed(value, fields.get(name)) for name, value in request.args.items()}


def _parsed(text, wanted):
    """Numbers come as text in a query."""
    if wanted is None or wanted.kind not in (NUMBER, WHOLE):
        return text
    try:
        return int(text) if wanted.kind == WHOLE else float(text)
    except ValueError:
        return text


def _body() -> dict:
    if not request.content_length and not request.data:
        return {}
    if not request.is_json:
        raise InvalidRequest("The body has to be JSON, with the header Content-Type: application/json.")
    try:
        found = json.loads(request.get_data())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidRequest("The body has to be a JSON object.")
    return found


def _checked(given: dict, fields: dict[str, Field], place: str) -> dict:
    if unknown := given.keys() - fields.keys():
        known = ", ".join(fields) or "nothing"
        raise InvalidRequest(f"The {place} holds {_quoted(unknown)}, which is not known here; it may hold {known}.")
    return {name: _value(name, given.get(name), wanted) for name, wanted in fields.items()}


def _value(name, value, wanted: Field):
    if value is None:
        if wanted.required:
            raise InvalidRequest(f"{name} is missing: {wanted.what}.")
        return None
    if not _IS[wanted.kind](value):
        raise InvalidRequest(f"{name} has to be a {wanted.kind}: {wanted.what}.")
    if wanted.choices and value not in wanted.choices:
        raise InvalidRequest(f"{name} has to be one of {', '.join(wanted.choices)}.")
    if (wanted.least is not None and value < wanted.least) or (wanted.most is not None and value > wanted.most):
        raise InvalidRequest(f"{name} lies between {wanted.least:g} and {wanted.most:g}.")
    return value


def _is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300


_IS = {
    TEXT: lambda value: isinstance(value, str),
    NUMBER: _is_number,
    WHOLE: lambda value: isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53,
    FLAG: lambda value: isinstance(value, bool),
    TEXTS: lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
}


def _quoted(names) -> str:
    return ", ".join(repr(name[:40]) for name in sorted(names)[:5])
