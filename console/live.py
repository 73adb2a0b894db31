"""Fragments that a page asks for again and again."""

from flask import make_response, request


def fragment(markup: str):
    """`markup` as an answer with a tag: who asks again and nothing changed gets 304 and no body."""
    response = make_response(markup)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "HX-Request, Cookie"
    response.add_etag()
    return response.make_conditional(request)
