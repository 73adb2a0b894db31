"""Is the console alive?  For load balancers and supervisors; anybody may ask, and learns nothing else."""

from flask import Blueprint, jsonify

from console.auth import public
from console.current import engine
from queue_core.errors import StoreError

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def healthz():
    """JSON {"status": "ok"}, or 503 and {"status": "store away"} when Redis does not answer."""
    try:
        engine().store.client.ping()
    except StoreError:
        return jsonify(status="store away"), 503
    return jsonify(status="ok")
