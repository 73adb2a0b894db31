import re

import pytest


@pytest.fixture
def order(shop):
    return shop.orders.import_file("zephyr", "2026-03-02.csv")[0]


def test_an_invoice_is_a_page_and_a_pdf_with_the_sum(shop, order):
    page, pdf = shop.invoices.write_invoice("zephyr", order.id)
    total = f"{order.total:,.2f} PLN"
    assert total in page.read_text(encoding="utf-8")
    assert "Zephyr Sails\nGdańsk, Poland" in page.read_text(encoding="utf-8")
    assert total.encode() in pdf.read_bytes()
    assert pdf.read_bytes().startswith(b"%PDF-1.4")


def test_an_order_that_is_not_imported_yet_is_unknown(shop):
    from samples.shop.errors import OrderUnknown

    with pytest.raises(OrderUnknown) as caught:
        shop.invoices.write_invoice("acme", "AC-9999")
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_an_unknown_product_cannot_be_billed(shop):
    from samples.shop.errors import InvoiceFailed

    orders = shop.orders.import_file("acme", "2026-03-06.csv")
    (order,) = [order for order in orders if any(line.sku == "SB-990" for line in order.lines)]
    with pytest.raises(InvoiceFailed, match=re.escape("'SB-990' is not known")) as caught:
        shop.invoices.write_invoice("acme", order.id)
    assert isinstance(caught.value.__cause__, KeyError)


def test_the_task_tells_the_customer_and_plans_a_reminder(shop, order, raw):
    shop.invoices.build_invoice(customer="zephyr", order_id=order.id)
    assert raw.zcard("t:queued:webhooks.zephyr") == 1
    assert raw.zcard("t:scheduled:reminders.zephyr") == 1


def test_asking_twice_for_an_invoice_makes_one_task(shop, raw):
    one, other = (shop.invoices.request_invoice("acme", "AC-1020") for _ in range(2))
    assert one.id == other.id
    assert raw.zcard("t:queued:invoices.acme") == 1
