"""Secrets in what is shown, by the names they stand under and by what they look like.  Pure.

It hides too much rather than too little, and cannot know what nobody named: a password that is the second of two
positional arguments looks like any other word.
"""

import json
import re
from functools import lru_cache

HIDDEN = "[hidden]"

NAMES = (
    "password", "passwd", "passphrase", "secret", "token", "authorization", "authorisation", "credential", "cookie",
    "api_key", "access_key", "private_key", "signing_key", "card_number", "account_number", "pass", "pwd", "auth",
    "jwt", "pin", "otp", "cvv", "cvc", "ssn", "iban",
)  # fmt: skip
"""Whose value is hidden.  Short ones count as whole words only: `pin` is none in `shipping`."""

SHORT_CHARACTERS = 4
SAYS_NOTHING = (None, True, False, "", [], {})

_SHAPES = {
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)": "-----begin",
    r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?": "eyj",
    r"\bAKIA[0-9A-Z]{16}\b": "akia",
    r"\bgh[pousr]_[A-Za-z0-9]{20,}": "gh",
    r"\bgithub_pat_\w{20,}": "github_pat_",
    r"\b[spr]k_(?:live|test)_[A-Za-z0-9]{8,}": "k_",
    r"\bsk-[\w-]{20,}": "sk-",
    r"\bxox[abeprs]-[\w-]{10,}": "xox",
    r"\bAIza[\w-]{30,}": "aiza",
    r"(?ai:(?<=bearer ))[\w.~+/=-]{8,}": "bearer ",
    r"(?ai:(?<=basic ))[\w.~+/=-]{8,}": "basic ",
    r"(?<=://)[^\s/@\"']{0,200}:[^\s/@\"']{1,200}(?=@)": "://",
}
"""{shape: what every text in lower case has that holds it}: without one of them a long text is spared the search."""
_LONG_CHARACTERS = 500
_CARD = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?!\w)")
_CARD_KINDS = re.compile(
    r"4\d{12}(?:\d{3})?(?:\d{3})?|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|6(?:011|[25]\d\d)\d{12}"
)

_QUOTE = re.compile(r"[bBrRuUfF]{0,2}(\\*(?:\"\"\"|'''|[\"']))")
_SIGN = re.compile(r"\\.|[\"'\[\](){}]", re.DOTALL)
_WORD = re.compile(r"(?:(?i:bearer|basic|token|digest)[ \t]+)?[^\s,;&)\]}\"'<>|]+")
_REST_OF_LINE = re.compile(r"[^\r\n]+")
_WORDS_FOR_NOTHING = ("null", "None", "true", "false", "True", "False")
_OF_A_FAULT = re.compile(r"Error|Exception|Expired|Invalid|Missing|Refused|Denied|Mismatch|Warning")
_END_OF_NAME = re.compile(r"[\w.-]*\Z")
_LONGEST_SOURCE_LINE = 1000


class Masking:
    """Hides what is secret.

    more_names: hidden besides NAMES.  shown_names: never hidden for their name.  more_shapes: a regular expression;
    what it matches in any text is hidden too.  Raises re.error for one that is none."""

    hidden = HIDDEN
    usual_names = NAMES

    def __init__(self, more_names=(), shown_names=(), more_shapes: str = ""):
        name = "|".join(map(_name_pattern, (*NAMES, *more_names)))
        self._name = re.compile(name, re.IGNORECASE)
        self._shown_names = frozenset(each.lower() for each in shown_names)
        self._given = re.compile(
            rf"(?P<name>{name})(?P<more>[\w.-]{{0,40}})(?:\\*[\"'])?\]?[ \t]{{0,40}}(?:=>|[:=])[ \t]{{0,40}}",
            re.IGNORECASE,
        )
        self._shape = re.compile("|".join(_SHAPES), re.DOTALL)
        self._more_shape = re.compile(more_shapes) if more_shapes else None

    def value(self, value):
        """A JSON value with its secrets hidden, at any depth."""
        try:
            return self._value(value)
        except RecursionError:
            return HIDDEN

    def hides(self, name: str) -> bool:
        """Whether whatever stands under this name is hidden."""
        return self._is_secret(name)

    def text(self, text: str) -> str:
        """The same for a text: a traceback, a message, JSON that was cut."""
        return self._shapes(self._named(text)) if text else text

    def json(self, text: str) -> str:
        """The same for JSON values one after another; the text as it stands when there is nothing to hide in it."""
        values = _values_in(text)
        if values is None:
            return self.text(text)
        hidden = [self.value(value) for value in values]
        return text if hidden == values else " ".join(json.dumps(value, ensure_ascii=False) for value in hidden)

    def restored(self, edited, original):
        """`edited` with the hidden values back that were left as `original` shows them; those of other places stay
        hidden, see `holds_hidden`."""
        if edited == self.value(original):
            return original
        if isinstance(edited, dict) and isinstance(original, dict):
            return {name: self._restored(name, value, original) for name, value in edited.items()}
        if isinstance(edited, list) and isinstance(original, list):
            rest = edited[len(original) :]
            return [self.restored(*pair) for pair in zip(edited, original, strict=False)] + rest
        return edited

    def _restored(self, name, value, original):
        if name not in original:
            return value
        if self._is_secret(name):
            return original[name] if value == HIDDEN else value
        return self.restored(value, original[name])

    def _is_secret(self, name):
        return name.lower() not in self._shown_names and bool(self._name.search(name))

    def _value(self, value):
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self._shapes(name): self._under(name, each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(each) for each in value]
        if isinstance(value, int) and _is_card(str(value) if abs(value) < 10**19 else ""):
            return HIDDEN
        return value

    def _under(self, name, value):
        if self._is_secret(name):
            return value if value in SAYS_NOTHING and type(value) is not int else HIDDEN
        return self._value(value)

    def _shapes(self, text):
        if len(text) < _LONG_CHARACTERS or _may_hold_a_shape(text.lower()):
            text = self._shape.sub(HIDDEN, text)
        text = _CARD.sub(lambda found: HIDDEN if _is_card(found[0]) else found[0], text)
        return self._more_shape.sub(HIDDEN, text) if self._more_shape else text

    def _named(self, text):
        if "=" not in text and ":" not in text:
            return text
        parts, done = [], 0
        for found in self._given.finditer(text):
            if found.start() < done or _name_around(text, found) in self._shown_names:
                continue
            begin, end = _span(text, found)
            if begin < end:
                parts += text[done:begin], HIDDEN
                done = end
        return "".join([*parts, text[done:]])


@lru_cache(maxsize=8)
def masking_of(rules: tuple[str, str, str]) -> Masking:
    """The masking of these rules: hidden names, names that are shown (comma lists), a pattern.  Raises re.error."""
    more_names, shown_names, more_shapes = rules
    return Masking(_listed(more_names), _listed(shown_names), more_shapes)


def read_rules(raw) -> tuple[str, str, str] | None:
    """The rules in a record that somebody has kept; None for what are none, or none that can be used."""
    if not isinstance(raw, (list, tuple)) or len(raw) != 3 or not all(isinstance(one, str) for one in raw):
        return None
    try:
        masking_of(tuple(raw))
    except (re.error, RecursionError, OverflowError):
        return None
    return tuple(raw)


def holds_hidden(value) -> bool:
    """Whether a hidden value stands anywhere in this one."""
    return HIDDEN in json.dumps(value, ensure_ascii=False)


def _listed(text):
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _name_pattern(name):
    pattern = "[_ .-]?".join(map(re.escape, re.split(r"[_ .-]", name)))
    return rf"(?<![A-Za-z]){pattern}(?![A-Za-z])" if len(name) <= SHORT_CHARACTERS else pattern


def _pairs(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        # of a name that comes twice only the last value would be looked at, and the text shown with both
        raise ValueError("a name comes twice")
    return found


def _values_in(text):
    decode, values, at = json.JSONDecoder(object_pairs_hook=_pairs).raw_decode, [], 0
    try:
        while at < len(text):
            value, at = decode(text, at)
            values.append(value)
            while text[at : at + 1].isspace():
                at += 1
    except (ValueError, RecursionError):
        return None
    return values


def _span(text, found):
    """Where the secret after a name begins and ends; the same place twice when there is none."""
    begin = found.end()
    if quote := _QUOTE.match(text, begin):
        return quote.end(), _end_of_quoted(text, quote)
    if text.startswith(HIDDEN, begin) or _is_source(text, found.start()) or _OF_A_FAULT.search(found["more"]):
        return begin, begin
    if text[begin : begin + 1] in ("[", "{", "("):
        return begin, _end_of_bracket(text, begin)
    whole_line = found["name"].lower() in ("cookie", "authorization", "authorisation")
    word = (_REST_OF_LINE if whole_line else _WORD).match(text, begin)
    return (begin, begin) if word is None or word[0] in _WORDS_FOR_NOTHING else word.span()


def _may_hold_a_shape(lower_text):
    return any(mark in lower_text for mark in _SHAPES.values())


def _name_around(text, found):
    before = _END_OF_NAME.search(text[max(0, found.start() - 60) : found.start()])
    return f"{before[0]}{found['name']}{found['more']}".lower()


def _end_of_quoted(text, quote):
    # a JSON text inside another has its quotes behind backslashes, the same number at both ends
    closing = re.compile(rf"(?<!\\)(?:\\\\)*{re.escape(quote[1])}")
    found = closing.search(text, quote.end())
    return found.end() - len(quote[1]) if found else len(text)


def _end_of_bracket(text, begin):
    depth, quote = 0, None
    for sign in _SIGN.finditer(text, begin):
        if sign[0] in ('"', "'"):
            quote = None if quote == sign[0] else quote or sign[0]
        elif len(sign[0]) == 1 and not quote:
            depth += 1 if sign[0] in "[({" else -1
            if depth == 0:
                return sign.end()
    return len(text)


def _is_source(text, at):
    """Whether this is a line of source in a traceback: there a bare word after a name is code, not its value."""
    line = text.rfind("\n", max(0, at - _LONGEST_SOURCE_LINE), at)
    before = text.rfind("\n", max(0, line - _LONGEST_SOURCE_LINE), line) if line > 0 else -1
    return line > 0 and text.startswith("    ", line + 1) and text.startswith('  File "', before + 1)


def _is_card(text):
    digits = re.sub(r"[ -]", "", text)
    if not _CARD_KINDS.fullmatch(digits):
        return False
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0
