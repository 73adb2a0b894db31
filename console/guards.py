"""What holds for every request and answer: CSRF tokens, a strict content policy, sizes, proxies."""

from flask import Flask, request, session
from flask.sessions import NullSession
from flask_wtf.csrf import CSRFProtect, generate_csrf
from werkzeug.middleware.proxy_fix import ProxyFix

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "font-src 'self'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # over HTTPS the CSRF check compares the referrer, so it must not be withheld from ourselves
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

TOO_LONG_OPEN = "This page was open too long, or was opened before the last login. Nothing was changed; try again."


def init_app(app: Flask) -> None:
    """Guards `app`.  To be called after `auth.init_app`, whose refusals come before the CSRF check."""
    settings = app.extensions["signalbox_settings"]
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
        MAX_FORM_MEMORY_SIZE=settings.max_request_bytes,
        MAX_FORM_PARTS=5000,
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session
    )
    Csrf(app)
    app.context_processor(lambda: {"csrf_token": csrf_token})
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.after_request(add_headers)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops)


class Csrf(CSRFProtect):
    """The CSRF check; its refusals speak to people."""

    def _error_response(self, reason):
        super()._error_response(TOO_LONG_OPEN)


def csrf_token() -> str:
    """The token for the forms of this page.  Empty while Redis has not given the key that signs sessions: such a page
    says that Redis is away and has no form that could work."""
    return "" if isinstance(session, NullSession) else generate_csrf()


def add_headers(response):
    """`response` with the security headers; pages are not to be kept by anybody."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
