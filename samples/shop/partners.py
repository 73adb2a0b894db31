"""The interface of an old shipping partner."""

from samples.shop.background import engine
from samples.shop.http_post import post


# The call below has no timeout of its own: this partner at times takes the request and never answers.
@engine.task(queue="partners", hard_timeout=4)
def announce_parcel(partner, order_id, weight_grams):
    post(f"/partners/{partner}", {"order_id": order_id, "weight_grams": weight_grams}, timeout_seconds=None)


def request_announcement(partner: str, order_id: str, weight_grams: int):
    return engine.delay(announce_parcel, args=[partner, order_id, weight_grams], queue=f"partners.{partner}")
