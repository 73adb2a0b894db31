import itertools
import socket

import pytest


def answer(webhook_server, what):
    webhook_server.turns["/hooks/acme"] = itertools.repeat(what)


def test_a_message_that_is_taken_gives_the_status(shop, webhook_server):
    assert shop.webhooks.send("acme", "order.packed", "AC-1020") == 200


def test_an_error_of_the_receiver_is_a_failed_delivery(shop, webhook_server):
    from samples.shop.errors import AnswerRefused, DeliveryFailed

    answer(webhook_server, 500)
    with pytest.raises(DeliveryFailed, match="/hooks/acme answered 500") as caught:
        shop.webhooks.send("acme", "order.packed", "AC-1020")
    assert isinstance(caught.value.__cause__, AnswerRefused)


def test_a_receiver_that_hangs_up_is_a_failed_delivery(shop, webhook_server):
    from samples.shop.errors import DeliveryFailed

    answer(webhook_server, "hang up")
    with pytest.raises(DeliveryFailed) as caught:
        shop.webhooks.send("acme", "order.packed", "AC-1020")
    assert isinstance(caught.value.__cause__, ConnectionError)


def test_a_receiver_that_says_nothing_is_a_failed_delivery(shop, webhook_server, monkeypatch):
    from samples.shop.errors import DeliveryFailed

    monkeypatch.setattr(shop.webhooks, "PATIENCE_SECONDS", 0.1)
    answer(webhook_server, "silence")
    with pytest.raises(DeliveryFailed, match="timed out") as caught:
        shop.webhooks.send("acme", "order.packed", "AC-1020")
    assert isinstance(caught.value.__cause__, TimeoutError)


def test_a_server_that_is_down_refuses_the_connection(shop):
    from samples.places import address_file, write
    from samples.shop.errors import DeliveryFailed

    with socket.socket() as taken:
        # bound, so that nobody else gets the port, and not listening
        taken.bind(("127.0.0.1", 0))
        write(address_file(), f"http://127.0.0.1:{taken.getsockname()[1]}".encode())
        with pytest.raises(DeliveryFailed) as caught:
            shop.webhooks.send("acme", "order.packed", "AC-1020")
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


def test_without_a_server_the_delivery_fails(shop):
    from samples.shop.errors import DeliveryFailed

    with pytest.raises(DeliveryFailed) as caught:
        shop.webhooks.send("acme", "order.packed", "AC-1020")
    assert isinstance(caught.value.__cause__, FileNotFoundError)
