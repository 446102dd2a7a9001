"""What a template may name, and how text between fields is joined (rules, "Templates")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter, methodcaller
from typing import Any, ClassVar, NamedTuple, cast

from seqctl.domain.errors import Damaged, Refused
from seqctl.domain.model import Contact

MAX_FIELD = 20_000
MAX_TEXT = 1_000_000

CONTACT_FIELDS = ("email", "first_name", "last_name", "company", "phone")
SENDER_FIELDS = ("name", "first_name", "email", "signature")
SEQUENCE_FIELDS = ("name", "title")
ROOTS = ("contact", "sender", "sequence")
HUBSPOT_FIELDS = {"firstname": "first_name", "lastname": "last_name"}


class MissingField(Refused):
    """A field that a template writes out is missing or empty, and the template has no default."""

    code = "MISSING_FIELD"

    def __init__(self, field: str) -> None:
        """`field` is the whole name, such as `contact.first_name`."""
        super().__init__(f"{field} is empty, and the template has no default for it")
        self.field = field


class TemplateFault(Refused):
    """A template can't be rendered; the message says why."""

    code = "TEMPLATE_ERROR"


@lru_cache(maxsize=1024)
def canonical_name(name: str) -> str:
    """The one spelling of a contact field: `Deal Size` is `deal_size`, `firstname` `first_name`."""
    joined = "_".join(name.lower().split())
    return HUBSPOT_FIELDS.get(joined, joined)


# --- what a template may name --------------------------------------------------------------------


class Fields:
    """One root of a template; `value` gives the text of a field, empty if there is none."""

    __slots__ = ()
    root: ClassVar[str]

    def value(self, name: str) -> str:
        """The text of the field with this canonical name."""
        raise NotImplementedError


class ContactFields(Fields):
    """The fields of one contact; its properties are a mapping or JSON text, read when needed."""

    __slots__ = ("_named", "_properties", "company", "email", "first_name", "last_name", "phone")
    root = "contact"

    def __init__(
        self,
        email: str,
        first_name: str = "",
        last_name: str = "",
        company: str = "",
        phone: str = "",
        properties: Mapping[str, str] | str = "",
    ) -> None:
        self.email = email
        self.first_name = first_name
        self.last_name = last_name
        self.company = company
        self.phone = phone
        self._properties = properties
        self._named: dict[str, str] | None = None

    @classmethod
    def from_contact(cls, contact: Contact) -> ContactFields:
        """The fields of a contact as the workspace knows it."""
        return cls(
            contact.email,
            contact.first_name,
            contact.last_name,
            contact.company,
            contact.phone,
            contact.properties,
        )

    def value(self, name: str) -> str:
        """A field of the contact, or one of its properties, by its canonical name."""
        if name in CONTACT_FIELDS:
            return getattr(self, name) or ""
        if self._named is None:
            self._named = _by_canonical_name(self._properties, self.email)
        return self._named.get(name, "")


def _by_canonical_name(properties: Mapping[str, str] | str, email: str) -> dict[str, str]:
    if isinstance(properties, str):
        import json

        try:
            properties = cast("dict[str, str]", json.loads(properties) if properties else {})
        except ValueError:
            raise Damaged("contact", email, "its properties are no JSON") from None
        if not isinstance(cast("object", properties), dict):
            raise Damaged("contact", email, "its properties are no table of texts")
    return {canonical_name(name): value for name, value in properties.items()}


class SenderFields(Fields):
    """The fields of the user who enrolled, with the address of the inbox that sends."""

    __slots__ = ("email", "first_name", "name", "signature")
    root = "sender"

    def __init__(self, name: str, email: str, signature: str = "") -> None:
        self.name = name
        self.email = email
        self.signature = signature
        self.first_name = name.split()[0] if name.split() else ""

    def value(self, name: str) -> str:
        """A field of the sender."""
        return getattr(self, name) if name in SENDER_FIELDS else ""


class SequenceFields(Fields):
    """The fields of the sequence."""

    __slots__ = ("name", "title")
    root = "sequence"

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.title = title

    def value(self, name: str) -> str:
        """A field of the sequence."""
        return getattr(self, name) if name in SEQUENCE_FIELDS else ""


# --- plain templates ------------------------------------------------------------------------------

Renderer = Callable[[ContactFields, SenderFields, SequenceFields], str]


class Piece(NamedTuple):
    """A field of a plain template with the text that stands before it."""

    before: str
    root: str
    name: str
    default: str | None


class PlainText(NamedTuple):
    """A template that is nothing but text and fields."""

    pieces: tuple[Piece, ...]
    after: str


def plain_renderer(plain: PlainText) -> Renderer:
    """Render a plain template by joining strings, which takes a tenth of jinja's time."""
    parts = tuple(
        (piece.before, ROOTS.index(piece.root), _getter(piece), piece.default, piece)
        for piece in plain.pieces
    )

    def render(contact: ContactFields, sender: SenderFields, sequence: SequenceFields) -> str:
        roots = (contact, sender, sequence)
        joined: list[str] = []
        for before, root, get, default, piece in parts:
            value = get(roots[root])
            if not value or value.isspace():
                if default is None:
                    raise MissingField(f"{piece.root}.{piece.name}")
                value = default
            elif len(value) > MAX_FIELD:
                raise too_long(f"{piece.root}.{piece.name}")
            joined.append(before)
            joined.append(value)
        joined.append(plain.after)
        return within_limit("".join(joined))

    return render


def _getter(piece: Piece) -> Callable[[Fields], Any]:
    if piece.root == "contact" and piece.name not in CONTACT_FIELDS:
        return methodcaller("value", piece.name)
    return attrgetter(piece.name)


def too_long(what: str) -> TemplateFault:
    """The fault of a value that is too long for a mail."""
    return TemplateFault(f"{what} is longer than the {MAX_FIELD:,} characters a template may use")


def within_limit(text: str) -> str:
    """The rendered text, or TemplateFault if it is too long to be a mail."""
    if len(text) > MAX_TEXT:
        raise TemplateFault(f"the text becomes longer than {MAX_TEXT:,} characters")
    return text
