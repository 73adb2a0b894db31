"""The API for programs: /api/v1, JSON, a token in each request."""

import functools

from flask import Blueprint, Flask, jsonify, request

from console import auth
from console.api import acting, looking, openapi, repeating
from console.api.requests import taken
from console.api.table import get
from queue_core import __version__

PREFIX = f"{auth.API_PATH}v1"

blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
ROUTES = [*looking.ROUTES, *acting.ROUTES]


@get(ROUTES, path="/openapi.json", what="This description, in OpenAPI 3.1", gives="Document")
def description():
    return openapi.document(ROUTES, server=request.script_root + PREFIX, version=__version__)


def init_app(app: Flask) -> None:
    """To be called after `guards.init_app`."""
    # no cookie lets anybody in here, so no other site can make a browser act
    app.extensions["csrf"].exempt(blueprint)
    app.register_blueprint(blueprint)


def _served(route):
    @auth.may(route.right)
    @functools.wraps(route.view)
    def view(**place):
        given = taken(route.query, route.body)

        def carry_out():
            return jsonify(route.view(**place, **given)), route.status

        return repeating.once(carry_out, given) if route.method == "POST" else carry_out()

    return view


for _route in ROUTES:
    blueprint.add_url_rule(_route.path, _route.name, _served(_route), methods=[_route.method])
