"""The jinja2 environment in which templates run: what its values and filters may do.

jinja2's own sandbox guards Python's objects and has no limits on time and memory. Here nothing can
be called, nothing repeats, and every value that can grow has a largest size; `template_check` lets
only the statements and filters through that this counts on. Import this module inside functions:
jinja2 takes 50 ms to import.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

from jinja2 import Template, TemplateError, Undefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import do_title
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from seqctl.domain.texts.template_fields import (
    MAX_FIELD,
    ContactFields,
    Fields,
    MissingField,
    Renderer,
    SenderFields,
    SequenceFields,
    TemplateFault,
    canonical_name,
    too_long,
    within_limit,
)

# --- values --------------------------------------------------------------------------------------


class EmptyField(Undefined):
    """A missing or empty field: false in a condition, equal to "", and never written out."""

    __slots__ = ()

    def __init__(self, field: str) -> None:
        super().__init__(hint=field)

    def _fail_with_undefined_error(self, *args: Any, **kwargs: Any) -> Any:
        raise MissingField(self._undefined_message)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EmptyField) or other == ""

    def __hash__(self) -> int:
        return hash("")

    def __str__(self) -> str:
        return self._fail_with_undefined_error()

    def __add__(self, other: object) -> Any:
        return self._fail_with_undefined_error()

    # jinja2's class binds its own failing method to each operator; an empty field must raise ours.
    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __add__
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __add__
    __lt__ = __le__ = __gt__ = __ge__ = __add__

    def __neg__(self) -> Any:
        return self._fail_with_undefined_error()

    __pos__ = __int__ = __float__ = __neg__


def _field(fields: Fields, name: str) -> str | EmptyField:
    canonical = canonical_name(name)
    value = fields.value(canonical)
    if not value or value.isspace():
        return EmptyField(f"{fields.root}.{canonical}")
    if len(value) > MAX_FIELD:
        raise too_long(f"{fields.root}.{canonical}")
    return value


def _bounded(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MAX_FIELD:
        raise too_long("a value")
    return value


# --- filters -------------------------------------------------------------------------------------


def _keeping_empty(function: Callable[..., Any]) -> Callable[..., Any]:
    """An empty field passes the filter unchanged, so that a later `default` still sees it."""

    @wraps(function)
    def filtered(value: Any, *args: Any, **kwargs: Any) -> Any:
        return value if isinstance(value, EmptyField) else function(value, *args, **kwargs)

    return filtered


def _default(value: Any, default_value: Any = "", boolean: Any = True) -> Any:
    return default_value if isinstance(value, EmptyField) or value == "" else value


def _upper(value: Any) -> str:
    return str(value).upper()


def _lower(value: Any) -> str:
    return str(value).lower()


def _title(value: Any) -> str:
    return do_title(str(value))


def _capitalize(value: Any) -> str:
    return str(value).capitalize()


def _trim(value: Any, chars: str | None = None) -> str:
    return str(value).strip(chars)


def _replace(value: Any, old: Any, new: Any) -> str:
    text, old, new = str(value), str(old), str(new)
    if len(text) + text.count(old) * len(new) > MAX_FIELD:
        raise too_long("a replaced text")
    return text.replace(old, new)


def _truncate(value: Any, length: int = 255, killwords: bool = False, end: str = "…") -> str:
    text = str(value)
    if len(text) <= length:
        return text
    cut = text[: max(length - len(end), 0)]
    return (cut if killwords else cut.rsplit(" ", 1)[0]) + end


def _first(value: Any) -> Any:
    return value[0] if value else ""


def _last(value: Any) -> Any:
    return value[-1] if value else ""


def _length(value: Any) -> int:
    return len(value)


def _join(value: Any, separator: Any = "") -> str:
    items = [str(item) for item in value]
    if sum(map(len, items)) + len(items) * len(str(separator)) > MAX_FIELD:
        raise too_long("a joined text")
    return str(separator).join(items)


def _round(value: Any, precision: int = 0) -> float:
    if not 0 <= precision <= 10:
        raise TemplateFault("`round` takes 0 to 10 decimal places")
    return round(float(value), precision) if precision else round(float(value))


def _int(value: Any, default: Any = None) -> Any:
    try:
        return int(value)
    except ValueError:
        if default is not None:
            return default
        raise TemplateFault(
            f'"{str(value)[:40]}" is no whole number; give a default: `int(0)`'
        ) from None


FILTERS: dict[str, Callable[..., Any]] = {
    "default": _default,
    "d": _default,
    "length": _length,
    "count": _length,
    "join": _join,
    "upper": _keeping_empty(_upper),
    "lower": _keeping_empty(_lower),
    "title": _keeping_empty(_title),
    "capitalize": _keeping_empty(_capitalize),
    "trim": _keeping_empty(_trim),
    "replace": _keeping_empty(_replace),
    "truncate": _keeping_empty(_truncate),
    "first": _keeping_empty(_first),
    "last": _keeping_empty(_last),
    "round": _keeping_empty(_round),
    "int": _keeping_empty(_int),
}


def _is_defined(value: Any) -> bool:
    return not isinstance(value, EmptyField)


def _is_undefined(value: Any) -> bool:
    return isinstance(value, EmptyField)


TESTS: dict[str, Callable[..., Any]] = {"defined": _is_defined, "undefined": _is_undefined}


# --- the environment -----------------------------------------------------------------------------


class LimitedEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox that sees nothing but the three roots and refuses what merely takes for ever."""

    intercepted_binops = frozenset({"+", "*", "%", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Add texts up to a limit, and multiply nothing but numbers."""
        if operator == "+":
            return _bounded(left + right)
        numbers = isinstance(left, int | float | Undefined) and isinstance(
            right, int | float | Undefined
        )
        if operator == "**" or not numbers:
            raise SecurityError(f"`{operator}` works on numbers only; use `| int`")
        return super().call_binop(context, operator, left, right)

    def is_safe_callable(self, obj: Any) -> bool:
        """Whether a template may call this: never."""
        return False

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A field of one of the roots; no other object has attributes here."""
        if not isinstance(obj, Fields):
            raise SecurityError("only contact, sender and sequence have fields")
        return _field(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A field in its other spelling, `contact["deal size"]`."""
        return self.getattr(obj, argument)


def _spoken(value: Any) -> Any:
    """A value as it is written out: what is no text and no number would be a word of Python's."""
    if value is None or isinstance(value, bool | list | tuple | Fields):
        word = "a list" if isinstance(value, list | tuple) else f"`{value!r}`".lower()
        raise TemplateFault(f"{word} would be written out, and is no text")
    return value


@lru_cache(maxsize=1)
def environment() -> LimitedEnvironment:
    """The one environment in which templates are parsed and compiled."""
    made = LimitedEnvironment(
        autoescape=False,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_spoken,
    )
    made.globals.clear()
    made.filters.clear()
    made.filters.update(FILTERS)
    made.tests.clear()
    made.tests.update(TESTS)
    return made


def renderer(template: nodes.Template) -> Renderer:
    """Compile a parsed template to a function of contact, sender and sequence."""
    compiled = Template.from_code(
        environment(), environment().compile(template), environment().globals
    )

    def render(contact: ContactFields, sender: SenderFields, sequence: SequenceFields) -> str:
        roots: dict[str, Any] = {"contact": contact, "sender": sender, "sequence": sequence}
        try:
            # Template.render does the same and costs twice as much.
            return within_limit("".join(compiled.root_render_func(compiled.new_context(roots))))
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise TemplateFault(f"the template can't be rendered: {error}") from error

    return render
