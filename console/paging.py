"""Where a page of a list begins and ends, and the links to its neighbours."""

from dataclasses import dataclass

from flask import request, url_for

from console.presenters import number, plural
from queue_core import shown


@dataclass(frozen=True)
class Pager:
    """first and last are ranks from 1; total is the size of the whole list, None when nobody counts it."""

    first: int
    last: int
    total: int | None
    newest_url: str | None
    previous_url: str | None
    next_url: str | None


def cursor() -> str | None:
    return request.args.get("cursor") or None


def pager(page) -> Pager:
    """The pager of a page of tasks."""
    return Pager(
        first=page.first_rank + 1 if page.rows else 0,
        last=page.first_rank + len(page.rows),
        total=page.total,
        newest_url=here(cursor=None) if cursor() else None,
        previous_url=here(cursor=page.previous_cursor) if page.previous_cursor else None,
        next_url=here(cursor=page.next_cursor) if page.next_cursor else None,
    )


def onward(next_cursor: str | None, count: int) -> Pager:
    """The pager of a list that is only read forwards."""
    return Pager(
        first=1 if count else 0,
        last=count,
        total=None,
        newest_url=here(cursor=None) if cursor() else None,
        previous_url=None,
        next_url=here(cursor=next_cursor) if next_cursor else None,
    )


def extent(pager: Pager, noun: str) -> str:
    """Which part of the list the page shows, in words, such as `Task 51 of 51` and `1 task`; more are a range."""
    if not pager.last:
        return f"No {noun} here"
    if pager.first == pager.last:
        is_one_of_more = pager.total not in (None, 1)
        return f"{noun.capitalize()} {number(pager.last)} of {number(pager.total)}" if is_one_of_more else f"1 {noun}"
    shown_here = f"{number(pager.first)}\u2013{number(pager.last)}"
    return f"{shown_here} {noun}s" if pager.total is None else f"{shown_here} of {plural(pager.total, noun)}"


def here(**changes) -> str:
    """This page's address with some parameters of its query changed; None takes one away."""
    # what would be taken for a part of the address itself is no parameter of any page
    reserved = {"endpoint", *(request.view_args or {})}
    given = request.args.to_dict(flat=False).items()
    query = {name: values for name, values in given if name not in reserved and not name.startswith("_")}
    # what Redis holds may have surrogates, which no address can
    query.update({name: value if value is None else shown(value) for name, value in changes.items()})
    return url_for(request.endpoint, **(request.view_args or {}), **{k: v for k, v in query.items() if v is not None})


def address() -> str:
    """The address of the page at hand, query and prefix included: where an act comes back to."""
    query = request.query_string.decode("ascii", "replace")
    return request.script_root + request.path + (f"?{query}" if query else "")
