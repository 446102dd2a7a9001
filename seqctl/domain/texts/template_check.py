"""What a template may hold: its tree, its mistakes, and whether it is plain text and fields.

Only the kinds of nodes and the filters listed here pass. Import this module inside functions:
jinja2 takes 50 ms to import.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, NamedTuple

from jinja2 import TemplateSyntaxError, nodes

from seqctl.domain.texts.template_fields import (
    CONTACT_FIELDS,
    ROOTS,
    SENDER_FIELDS,
    SEQUENCE_FIELDS,
    Piece,
    PlainText,
    TemplateFault,
    canonical_name,
)
from seqctl.domain.texts.template_outputs import unspeakable
from seqctl.domain.texts.template_sandbox import FILTERS, TESTS, environment

MAX_NODES = 2_000
MAX_DEPTH = 40
LONGEST_LINE = 10_000
TOO_COMPLICATED = "the template is too complicated; simplify it"


class TemplateMistake(NamedTuple):
    """One mistake of a template; line and column count from 1, the column may be unknown."""

    line: int
    column: int | None
    message: str


def parse(text: str) -> nodes.Template:
    """The tree of a template without mistakes; raises TemplateFault for one with a mistake."""
    template, mistakes = _checked(text)
    if template is None or mistakes:
        raise TemplateFault(mistakes[0].message)
    return template


def plain_pieces(template: nodes.Template) -> PlainText | None:
    """The template as text and fields, or None if it holds more than those."""
    pieces: list[Piece] = []
    before = ""
    for output in template.body:
        if not isinstance(output, nodes.Output):
            return None
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                before += node.data
            elif piece := _piece(before, node):
                pieces.append(piece)
                before = ""
            else:
                return None
    return PlainText(tuple(pieces), before)


def _piece(before: str, node: nodes.Node) -> Piece | None:
    default = None
    if isinstance(node, nodes.Filter) and node.name in ("default", "d"):
        if len(node.args) != 1 or node.kwargs or not isinstance(node.args[0], nodes.Const):
            return None
        default, node = node.args[0].value, node.node or node
        if not isinstance(default, str):
            return None
    if not isinstance(node, nodes.Getattr | nodes.Getitem):
        return None
    root, name = _root_and_name(node)
    return Piece(before, root, canonical_name(name), default) if root in ROOTS else None


def _root_and_name(node: nodes.Getattr | nodes.Getitem) -> tuple[str, str]:
    """The root and the field that a node names; empty texts where it names neither plainly."""
    root = node.node.name if isinstance(node.node, nodes.Name) else ""
    if isinstance(node, nodes.Getattr):
        return root, node.attr
    name = node.arg.value if isinstance(node.arg, nodes.Const) else ""
    return root, name if isinstance(name, str) else ""


# --- the allow-list ------------------------------------------------------------------------------

ALLOWED_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr),
    *(nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const, nodes.List, nodes.Tuple),
    *(nodes.Filter, nodes.Test, nodes.Keyword, nodes.Compare, nodes.Operand),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Concat),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod),
)

REFUSED_NODES: dict[type[nodes.Node], str] = {
    nodes.Call: "a template can't call anything; use a filter such as `| upper`",
    nodes.For: "a template has no loops; write the text out, or use `| join`",
    nodes.Assign: "a template has no `{% set %}`; use the field itself",
    nodes.AssignBlock: "a template has no `{% set %}`; use the field itself",
    nodes.Include: "a template can't include another file; write the text here",
    nodes.Import: "a template can't import another file; write the text here",
    nodes.FromImport: "a template can't import another file; write the text here",
    nodes.Extends: "a template can't extend another file; write the text here",
    nodes.Macro: "a template has no macros; write the text out",
    nodes.CallBlock: "a template has no macros; write the text out",
    nodes.FilterBlock: "a template has no `{% filter %}`; write `{{ field | filter }}`",
    nodes.Pow: "`**` can't be used here; write the number",
    nodes.Slice: "parts of a text can't be cut out so; use `| first` or `| truncate(20)`",
}


def check(text: str) -> list[TemplateMistake]:
    """Every mistake of a template that can be seen without a contact."""
    return list(_checked(text)[1])


@lru_cache(maxsize=1024)
def _checked(text: str) -> tuple[nodes.Template | None, tuple[TemplateMistake, ...]]:
    try:
        template = environment().parse(text)
    except TemplateSyntaxError as error:
        return None, (_syntax_mistake(text, error),)
    except (RecursionError, ValueError, OverflowError, MemoryError):
        return None, (TemplateMistake(1, None, TOO_COMPLICATED),)
    return template, tuple(_Checker(text).mistakes(template))


def _syntax_mistake(text: str, error: TemplateSyntaxError) -> TemplateMistake:
    lines = text.split("\n")
    line = min(max(error.lineno, 1), len(lines))
    brace = lines[line - 1].find("{")
    said = _printable(error.message or "it ends too early").rstrip(".")
    return TemplateMistake(
        line,
        brace + 1 if brace >= 0 else None,
        f"the template can't be read ({said}); write fields as `{{{{ contact.first_name }}}}` "
        "and close each `{% if %}` with `{% endif %}`",
    )


def _printable(message: str) -> str:
    """The message without control characters and endless names from the template."""
    shown = "".join(char if char.isprintable() else "\ufffd" for char in message)
    return re.sub(r"(\S{40})\S{20,}", r"\1…", shown)


KNOWN_FIELDS = {"contact": CONTACT_FIELDS, "sender": SENDER_FIELDS, "sequence": SEQUENCE_FIELDS}


class _Checker:
    """Walks one template and notes what it may not hold."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.seen: Counter[tuple[int, str]] = Counter()

    def mistakes(self, template: nodes.Template) -> list[TemplateMistake]:
        if _is_too_complicated(template):
            return [TemplateMistake(1, None, TOO_COMPLICATED)]
        found: list[TemplateMistake] = []
        pending: list[nodes.Node] = [template]
        while pending:
            node = pending.pop()
            said = list(self._said_of(node))
            found += said
            if not said:
                pending += reversed(list(self._inside(node)))
        if not found:
            found = [self._at(*each) for each in unspeakable(template)]
        return sorted(found, key=lambda mistake: (mistake.line, mistake.column or 0))

    def _inside(self, node: nodes.Node) -> Iterator[nodes.Node]:
        if not isinstance(node, nodes.Getattr | nodes.Getitem):
            yield from node.iter_child_nodes()

    def _said_of(self, node: nodes.Node) -> Iterator[TemplateMistake]:
        if type(node) not in ALLOWED_NODES:
            message = REFUSED_NODES.get(
                type(node), "this can't be used in a template; use fields, filters and `{% if %}`"
            )
            yield self._at(node, "", message)
        elif isinstance(node, nodes.Name):
            yield self._at(node, node.name, _about_name(node.name))
        elif isinstance(node, nodes.Getattr | nodes.Getitem):
            yield from self._about_field(node)
        elif isinstance(node, nodes.Filter):
            yield from self._about_filter(node)
        elif isinstance(node, nodes.Mul | nodes.Mod) and _has_text(node):
            yield self._at(node, "", "`*` and `%` work on numbers only; write the text out")
        elif isinstance(node, nodes.Test) and node.name not in TESTS:
            yield self._at(node, node.name, f"unknown test `{node.name}`; use `is defined`")

    def _about_field(self, node: nodes.Getattr | nodes.Getitem) -> Iterator[TemplateMistake]:
        root, name = _root_and_name(node)
        if not root or not name:
            message = "only a field of contact, sender or sequence can stand here, such as "
            yield self._at(node, "", message + "`contact.first_name`")
        elif root not in ROOTS:
            yield self._at(node, root, _unknown_root(root, name))
        elif not _may_exist(root, canonical_name(name)):
            message = f"{root} has no `{name}`; {_instead(name, KNOWN_FIELDS[root])}"
            yield self._at(node, f"{root}.{name}", message)

    def _about_filter(self, node: nodes.Filter) -> Iterator[TemplateMistake]:
        function = FILTERS.get(node.name)
        if function is None:
            message = f"unknown filter `{node.name}`; {_instead(node.name, tuple(FILTERS))}"
            yield self._at(node, node.name, message)
        elif node.dyn_args or node.dyn_kwargs or not _fits(function, node):
            message = f"the filter `{node.name}` is given the wrong values; see `{node.name}"
            yield self._at(node, node.name, f"{message}{_usage(function)}`")

    def _at(self, node: nodes.Node, word: str, message: str) -> TemplateMistake:
        """A mistake at the next place of `word` in the node's line, or where its braces open."""
        line = node.lineno or 1
        message = _printable(message)
        if len(self.lines[line - 1]) > LONGEST_LINE:
            return TemplateMistake(line, None, message)
        pattern = rf"(?<![\w.]){re.escape(word)}(?!\w)" if word else r"\{[{%]"
        places = [match.start() + 1 for match in re.finditer(pattern, self.lines[line - 1])]
        index = min(self.seen[line, word], len(places) - 1)
        self.seen[line, word] += 1
        return TemplateMistake(line, places[index] if places else None, message)


def _is_too_complicated(template: nodes.Template) -> bool:
    pending: list[tuple[nodes.Node, int]] = [(template, 0)]
    count = 0
    while pending:
        node, depth = pending.pop()
        count += 1
        if count > MAX_NODES or depth > MAX_DEPTH:
            return True
        pending += ((child, depth + 1) for child in node.iter_child_nodes())
    return False


def _has_text(node: nodes.BinExpr) -> bool:
    sides = (node.left, node.right)
    return any(isinstance(side, nodes.Const) and isinstance(side.value, str) for side in sides)


def _may_exist(root: str, name: str) -> bool:
    """Whether the field can exist: a contact may have any property that is a plain name."""
    if root == "contact":
        return not name.startswith("_")
    return name in KNOWN_FIELDS[root]


def _fits(function: Callable[..., Any], node: nodes.Filter) -> bool:
    named: dict[str, Any] = {str(pair.key): pair.value for pair in node.kwargs}
    try:
        inspect.signature(function).bind(None, *node.args, **named)
    except TypeError:
        return False
    return True


def _usage(function: Callable[..., Any]) -> str:
    names = list(inspect.signature(function).parameters)[1:]
    return f"({', '.join(names)})" if names else ""


def _about_name(name: str) -> str:
    if name in ROOTS:
        return (
            f"`{name}` alone is no text; name one of its fields, such as `{name}.{_sample(name)}`"
        )
    if near := get_close_matches(name, ROOTS, 1):
        return f"unknown name `{name}`; did you mean a field of `{near[0]}`?"
    return f"unknown name `{name}`; did you mean `contact.{canonical_name(name)}`?"


def _sample(root: str) -> str:
    return {"contact": "first_name", "sender": "name", "sequence": "title"}[root]


def _unknown_root(root: str, name: str) -> str:
    if near := get_close_matches(root.lower(), ROOTS, 1):
        return f"unknown name `{root}`; did you mean `{near[0]}.{name}`?"
    return f"unknown name `{root}`; there are contact, sender and sequence"


def _instead(name: str, known: tuple[str, ...]) -> str:
    if near := get_close_matches(name.lower(), known, 1):
        return f"did you mean `{near[0]}`?"
    return f"there are {', '.join(known)}"
