"""What the shop does again and again."""

import datetime

from tasktiger import cron_expr, periodic

from tests.interop.app.instance import journal, tiger


@tiger.task(schedule=periodic(days=1, start_date=datetime.datetime(2000, 1, 1, 3)), queue="nightly")
def close_the_books():
    journal("books closed")


@tiger.task(schedule=cron_expr("30 4 * * 0"), queue="weekly")
def count_the_stock():
    journal("stock counted")


@tiger.task(schedule=periodic(hours=1, end_date=datetime.datetime(2001, 1, 1)), queue="nightly")
def long_over():
    journal("never")
