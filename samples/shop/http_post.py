"""Sending a message to the webhook server of the sample application."""

import http.client
import json
from urllib.parse import urlsplit

from samples.places import address_file
from samples.shop.errors import AnswerRefused


def post(path: str, message: dict, timeout_seconds: float | None) -> int:
    """The status of the answer.  timeout_seconds None: waits for ever.

    Raises AnswerRefused for 300 and above; OSError and HTTPException when there is no answer."""
    receiver = urlsplit(address_file().read_text(encoding="ascii").strip())
    connection = http.client.HTTPConnection(receiver.hostname, receiver.port, timeout=timeout_seconds)
    try:
        connection.request("POST", path, json.dumps(message), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read(500).decode("utf-8", "replace").strip()
    finally:
        connection.close()
    if answer.status >= 300:
        raise AnswerRefused(f"{path} answered {answer.status} {answer.reason}: {text}")
    return answer.status
