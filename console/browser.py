"""A browser as small as can be: cookies, forms, redirects.  `signalbox up --smoke` works the console with it."""

import urllib.error
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin, urlsplit

TIMEOUT_SECONDS = 20


@dataclass
class Form:
    """A form of a page: where it goes and what its fields hold."""

    action: str
    method: str
    fields: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The page at the end of all redirects."""

    status: int
    url: str
    text: str

    def form(self, ending: str) -> Form | None:
        """The first form whose address ends so; a form without an address goes to the page itself."""
        forms = _Forms(self.url)
        forms.feed(self.text)
        return next((form for form in forms.found if urlsplit(form.action).path.endswith(ending)), None)


class Browser:
    """Visits pages under one address and keeps the cookies."""

    def __init__(self, address: str):
        self.address = address
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> Answer:
        """Raises OSError when the server does not answer."""
        return self._open(urljoin(self.address, path), None)

    def submit(self, form: Form, **values) -> Answer:
        """The page that follows on sending `form` with these fields changed.  Raises OSError."""
        return self._open(form.action, urlencode({**form.fields, **values}).encode())

    def _open(self, url: str, body: bytes | None) -> Answer:
        request = urllib.request.Request(url, body, {"Referer": self.address})
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return Answer(answer.status, answer.url, answer.read().decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, url, error.read().decode("utf-8", "replace"))


class _Forms(HTMLParser):
    def __init__(self, page_url: str):
        super().__init__()
        self._page_url = page_url
        self.found: list[Form] = []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            action = urljoin(self._page_url, given.get("action") or self._page_url)
            self.found.append(Form(action, (given.get("method") or "get").lower()))
        elif tag == "input" and self.found and given.get("name") and given.get("type") not in ("checkbox", "radio"):
            self.found[-1].fields[given["name"]] = given.get("value") or ""
