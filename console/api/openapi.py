"""The description of the API in OpenAPI 3.1, made of the table of routes."""

from console.api.repeating import HEADER, MOST_CHARACTERS
from console.api.shapes import SHAPES
from console.api.table import Route

ANSWERS = {
    400: "The request cannot be carried out",
    401: "No token, or one that is not known, has expired or was revoked",
    403: "The token or its user may not do this, or the console is read-only",
    404: "There is no such thing",
    409: "The task, queue or operation has moved on, and nothing was changed; or a request with the same key is being "
    "carried out (request_running, with Retry-After), or was and its answer is lost (answer_lost, outcome_unknown)",
    413: "The request is too large",
    422: f"The {HEADER} was sent with another request",
    429: "Too many failed attempts; Retry-After says when to try again",
    503: "Redis does not answer, is full, or holds something else under a key",
}
_READ = (400, 401, 403, 404, 429, 503)
_WRITE = (400, 401, 403, 409, 413, 422, 429, 503)
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS, "pattern": "^[!-~]+$"},
    "description": "chosen by the program, another one for each request; when it repeats the request with it within a "
    "day, it gets the first answer and nothing is done twice",
}
_NAME = "bytes other than letters, digits and _ . : @ + - are written ~XX"


def document(routes: list[Route], *, server: str, version: str) -> dict:
    """The whole description.  server: the address under which the paths are."""
    paths: dict = {}
    for route in routes:
        paths.setdefault(route.template, {})[route.method.lower()] = _operation(route)
    schemas = {name: _object(properties) for name, properties in SHAPES.items()}
    bearer = {"type": "http", "scheme": "bearer", "description": "a token of Signalbox"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Signalbox", "version": version, "description": "Queues, tasks and acts on them."},
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": bearer}},
    }


def _operation(route: Route) -> dict:
    errors = _READ if route.method == "GET" else _WRITE
    answers = {str(route.status): _answer("It went well", route.gives)}
    described = {
        "operationId": route.name,
        "summary": route.what,
        "description": f"Needs the right to {route.right}.",
        "parameters": [*map(_in_path, route.arguments), *(_in_query(*pair) for pair in route.query.items())],
        "responses": answers | {str(status): _answer(ANSWERS[status], "Error") for status in errors},
    }
    if route.method == "POST":
        described["requestBody"] = _body(route)
        described["parameters"].append(_KEY)
    return described


def _body(route: Route) -> dict:
    properties = {name: one.schema | {"description": one.what} for name, one in route.body.items()}
    needed = [name for name, one in route.body.items() if one.required]
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    schema |= {"required": needed} if needed else {}
    return {"required": bool(needed), "content": {"application/json": {"schema": schema}}}


def _in_path(name: str) -> dict:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": _NAME}


def _in_query(name: str, wanted) -> dict:
    return {
        "name": name,
        "in": "query",
        "required": wanted.required,
        "schema": wanted.schema,
        "description": wanted.what,
    }


def _answer(what: str, shape: str) -> dict:
    schema = {"$ref": f"#/components/schemas/{shape}"}
    return {"description": what, "content": {"application/json": {"schema": schema}}}


def _object(properties: dict) -> dict:
    return {"type": "object", "required": list(properties), "properties": properties}
