import itertools
from decimal import Decimal

import pytest

REFUSED = {
    ("acme", "2026-03-04.csv"): "unit_price is '88.1O'",
    ("globex", "2026-03-04.csv"): "there is no column 'quantity'",
    ("harbour", "2026-03-04.csv"): "currency is 'XBT'",
    ("lindqvist", "2026-03-04.csv"): "ordered_on is '2026-02-30'",
    ("oakridge", "2026-03-04.csv"): "line 1 of order OA-5042 is there twice",
    ("papyrus", "2026-03-04.csv"): "currency is ''",
    ("papyrus", "2026-03-06.csv"): "'a dozen'",
    ("tandem", "2026-03-04.csv"): "can't decode byte 0xb0",
    ("zephyr", "2026-03-04.csv"): "quantity is -3",
}


def test_importing_keeps_every_order_of_the_file(shop, output):
    from samples.shop import order_book

    imported = shop.orders.import_file("acme", "2026-03-02.csv")
    assert imported
    assert sorted(path.stem for path in output.glob("orders/acme/*.json")) == [order.id for order in imported]
    assert [order_book.find("acme", order.id) for order in imported] == imported


def test_the_shipped_files_that_are_malformed_are_refused_and_all_others_are_not(shop):
    from samples import catalogue
    from samples.shop.errors import ImportFailed

    refused = {}
    for customer, file_name in itertools.chain(*catalogue.order_files()):
        try:
            shop.orders.import_file(customer, file_name)
        except ImportFailed as error:
            refused[customer, file_name] = error
    assert set(refused) == set(REFUSED)
    for file, told in REFUSED.items():
        assert told in str(refused[file])
        assert refused[file].__cause__ is not None


def test_nothing_is_kept_of_a_refused_file(shop, output):
    from samples.shop.errors import ImportFailed

    with pytest.raises(ImportFailed):
        shop.orders.import_file("zephyr", "2026-03-04.csv")
    assert not list(output.glob("orders/zephyr/*"))


def test_the_task_asks_for_an_invoice_of_each_order_on_the_customers_queue(shop, raw):
    shop.orders.import_orders(customer="acme", file_name="2026-03-02.csv")
    expected = len(shop.orders.import_file("acme", "2026-03-02.csv"))
    assert raw.zcard("t:queued:invoices.acme") == expected > 0


def test_an_import_waits_on_the_queue_of_its_customer(shop, raw):
    task = shop.orders.request_import("globex", "2026-03-02.csv")
    assert raw.zrange("t:queued:orders.globex", 0, -1) == [task.id.encode()]


def test_an_unknown_file_and_a_name_that_leads_out_of_the_input_are_refused(shop):
    from samples.places import InputMissing

    for name in ("2030-01-01.csv", "../../customers.csv/../../../README.md", "../../../../README.md"):
        with pytest.raises(InputMissing):
            shop.orders.import_file("acme", name)


def test_the_sum_of_an_order_is_that_of_its_lines(shop):
    order = shop.orders.import_file("acme", "2026-03-02.csv")[0]
    assert order.total == sum((line.quantity * line.unit_price for line in order.lines), Decimal(0)) > 0
