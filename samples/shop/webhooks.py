"""Webhooks: telling a customer's system what happened to an order."""

from http.client import HTTPException

from queue_core import exponential
from samples.shop.background import engine
from samples.shop.errors import AnswerRefused, DeliveryFailed
from samples.shop.http_post import post

PATIENCE_SECONDS = 2.0


@engine.task(queue="webhooks", retry_on=[DeliveryFailed], retry_method=exponential(2, 2, 3))
def deliver(customer, event, order_id):
    send(customer, event, order_id)


def request_delivery(customer: str, event: str, order_id: str):
    return engine.delay(deliver, args=[customer, event, order_id], queue=f"webhooks.{customer}")


def send(customer: str, event: str, order_id: str) -> int:
    """The status of the answer.  Raises DeliveryFailed."""
    message = {"event": event, "customer": customer, "order_id": order_id}
    try:
        return post(f"/hooks/{customer}", message, PATIENCE_SECONDS)
    except (OSError, HTTPException, AnswerRefused) as error:
        raise DeliveryFailed(f"{event} of order {order_id} did not reach {customer}: {error}") from error
