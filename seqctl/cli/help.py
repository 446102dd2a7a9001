"""How help looks: usage, what it does, arguments, options, the options every command has, and at
the end the examples, which stand below `Example:` in a docstring and are printed as they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from typer.core import TyperArgument, TyperOption

if TYPE_CHECKING:
    from collections.abc import Sequence

# Typer's contexts, parameters and formatters come from a private package, hence `Any`.

HELP_WIDTH = 100
"""Help is never wider; on a narrow terminal it is as wide as that."""

_EXAMPLES = re.compile(r"(?:^|\n)\s*Examples?:\n")
_COMMON = {"db", "as_user", "json", "help", "version"}


def first_line(text: str | None) -> str:
    """The first sentence of a docstring, without its full stop, for lists of commands."""
    return (text or "").strip().partition("\n")[0].removesuffix(".")


def name_values(parameter: TyperArgument | TyperOption) -> None:
    """Give a value the name that help shows: `CONTACT`, `N`, or its choices."""
    if parameter.metavar is not None or getattr(parameter, "is_flag", False):
        return
    descriptor = parameter.type_descriptor
    if descriptor.choices is not None:
        parameter.metavar = "|".join(str(getattr(c, "value", c)) for c in descriptor.choices)
    elif descriptor.annotation is int:
        parameter.metavar = "N"
    else:
        parameter.metavar = parameter.name.upper().replace("_", "-")


def usage_pieces(parameters: Sequence[Any]) -> list[str]:
    """The words after the command in its usage line: `SEQUENCE [CONTACT]... [OPTIONS]`."""
    arguments = [p for p in parameters if isinstance(p, TyperArgument) and not p.hidden]
    return [*map(_usage_piece, arguments), "[OPTIONS]"]


def _usage_piece(argument: TyperArgument) -> str:
    name = argument.metavar or argument.name
    if " " in name:
        return name  # written out by its command: "SEQUENCE CONTACT..."
    many = "..." if argument.nargs != 1 else ""
    return (name if argument.required else f"[{name}]") + many


def write_text(text: str | None, formatter: Any) -> None:
    """Write what a command does, without its examples."""
    described = _EXAMPLES.split(text or "")[0].strip()
    if described:
        formatter.write_paragraph()
        formatter.write_text(described)


def write_examples(text: str | None, formatter: Any) -> None:
    """Write the examples of a docstring, line for line."""
    _, *examples = _EXAMPLES.split(text or "", maxsplit=1)
    if examples:
        with formatter.section("Example"):
            for line in examples[0].strip().splitlines():
                formatter.write(f"  {line.strip()}\n")


def write_parameters(parameters: Sequence[Any], context: Any, formatter: Any) -> None:
    """Write arguments, the command's own options, and those that every command has."""
    own = [p for p in parameters if p.name not in _COMMON]
    arguments = [_argument_row(p) for p in own if isinstance(p, TyperArgument) and not p.hidden]
    options = [p.get_help_record(context) for p in own if isinstance(p, TyperOption)]
    common = [p.get_help_record(context) for p in parameters if p.name in _COMMON]
    sections = {
        "Arguments": arguments if any(help for _, help in arguments) else [],
        "Options": [row for row in options if row],
        "Options of every command" if own else "Options": [row for row in common if row],
    }
    for title, rows in sections.items():
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


def _argument_row(argument: TyperArgument) -> tuple[str, str]:
    return argument.metavar or argument.name, argument.help or ""
