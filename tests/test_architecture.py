"""The import arrows of the design, read from the source with `ast`."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent / "seqctl"
LAYERS = ("domain", "ports", "service", "store", "mail", "files", "cli")
STANDARD = frozenset(sys.stdlib_module_names) - {"sqlite3", "smtplib", "imaplib"}

# What each part may import besides itself: parts of seqctl, then packages.
ARROWS: dict[str, tuple[set[str], set[str]]] = {
    "domain": (set(), {"dateutil", "jinja2"}),
    "ports": ({"domain"}, set()),
    "service": ({"ports", "domain", "places"}, set()),
    "store": ({"ports", "domain", "durable", "places"}, {"sqlite3", "sqlite_utils"}),
    "mail": (
        {"ports", "domain", "durable", "places"},
        {"smtplib", "imaplib", "imap_tools", "markdown_it", "flufl"},
    ),
    "files": (
        {"domain", "places"},
        {"ruamel", "pydantic", "pydantic_core", "vobject", "charset_normalizer", "defusedxml"},
    ),
    "clock": ({"ports"}, set()),
    "durable": (set(), set()),
    "places": (set(), set()),
}
# One module may know a package that the rest of its part may not.
ALSO = {"domain/contacts/addresses.py": {"email_validator"}}
# The composition root names concrete adapters; every other module of the command line asks it.
ROOT_MODULES = {"cli/session.py"}


class Import(NamedTuple):
    """One imported module, and where."""

    file: str
    line: int
    module: str


@cache
def imports(path: Path) -> tuple[Import, ...]:
    """All modules that a file imports, also inside functions; `from a import b` may name `a.b`."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[Import]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name(path), node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno}: write imports out in full"
            yield Import(name(path), node.lineno, node.module or "")
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                if module_file(module):
                    yield Import(name(path), node.lineno, module)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_file(module: str) -> bool:
    parts = module.split(".")
    base = ROOT.parent.joinpath(*parts)
    return parts[0] == "seqctl" and (base.with_suffix(".py").exists() or base.is_dir())


def part_of(module: str) -> str:
    """`seqctl.store.rows` → `store`; a package outside seqctl → ''."""
    parts = module.split(".")
    return parts[1] if parts[0] == "seqctl" and len(parts) > 1 else ""


def files(part: str) -> list[Path]:
    folder = ROOT / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def allowed(found: Import, part: str) -> bool:
    parts, packages = ARROWS[part]
    if found.module == "seqctl":
        return True
    if inner := part_of(found.module):
        return inner == part or inner in parts
    top = found.module.split(".")[0]
    return top in STANDARD or top in packages or top in ALSO.get(found.file, set())


@pytest.mark.parametrize("part", ARROWS)
def test_each_part_imports_only_what_its_arrow_allows(part: str) -> None:
    found = [i for path in files(part) for i in imports(path)]
    assert found, f"there is no part {part}"
    assert [i for i in found if not allowed(i, part)] == []


# Which rooms of a layer each of its rooms may ask; what lies beside the rooms is named as it is.
ROOMS: dict[str, dict[str, set[str]]] = {
    "domain": {
        "timing": {"errors"},
        "contacts": {"errors", "timing"},
        "sending": {"errors", "contacts"},
        "reading": set(),
        "model": {"timing", "sending"},
        "texts": {"errors", "model", "timing"},
        "enrollments": {"errors", "model", "timing", "sending", "texts"},
    },
    "service": {
        "enrollments": {"acting", "outcome", "plans"},
        "sending": {"enrollments", "plans"},
        "reading": {"enrollments", "sending", "plans"},
        "tick": {"enrollments", "sending", "reading", "plans", "clocks", "halting"},
        "contacts": {"enrollments", "sending", "acting", "views"},
        "inboxes": {"enrollments", "sending", "acting", "plans", "halting"},
        "sequences": {"enrollments", "contacts", "acting", "halting"},
    },
    "mail": {"account": set(), "sending": {"account"}, "reading": {"account"}},
    "files": {"contacts": set(), "sequences": set()},
}


@pytest.mark.parametrize(
    ("layer", "room"), [(layer, room) for layer, rooms in ROOMS.items() for room in rooms]
)
def test_a_room_asks_only_the_rooms_that_it_may(layer: str, room: str) -> None:
    asked = {
        Path(other).parts[1].removesuffix(".py")
        for path in files(f"{layer}/{room}")
        for other in asked_by(path)
        if other.startswith(f"{layer}/")
    }
    assert asked - {room, "__init__"} <= ROOMS[layer][room]


def test_every_folder_is_a_known_room_and_says_what_lives_there() -> None:
    known = {(layer, room) for layer, rooms in ROOMS.items() for room in rooms}
    for layer in ROOMS:
        folders = {
            path.name for path in (ROOT / layer).iterdir() if (path / "__init__.py").exists()
        }
        assert folders <= {room for found, room in known if found == layer}
        for folder in folders:
            text = ast.get_docstring(ast.parse((ROOT / layer / folder / "__init__.py").read_text()))
            assert (text or "").count("\n\n") == 1, (
                f"{layer}/{folder}: what lives here, and what not?"
            )


OWNED = {
    "sqlite3": "store",
    "sqlite_utils": "store",
    "smtplib": "mail",
    "imaplib": "mail",
    "imap_tools": "mail",
    "flufl": "mail",
    "typer": "cli",
    "click": "cli",
    "rich": "cli",
}


@pytest.mark.parametrize(("package", "owner"), OWNED.items())
def test_a_package_is_known_to_one_part_only(package: str, owner: str) -> None:
    strangers = [
        i
        for path in sorted(ROOT.rglob("*.py"))
        for i in imports(path)
        if i.module.split(".")[0] == package and not i.file.startswith(f"{owner}/")
    ]
    assert strangers == []


def test_only_the_composition_root_names_the_store() -> None:
    strangers = [
        i
        for path in files("cli")
        for i in imports(path)
        if part_of(i.module) == "store" and i.file not in ROOT_MODULES
    ]
    assert strangers == []


def test_only_the_clock_asks_what_time_it_is() -> None:
    asked = [
        f"{name(path)}:{node.lineno}"
        for path in sorted(ROOT.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (
            (
                node.func.attr in {"now", "utcnow", "today"}
                and ast.unparse(node.func.value).endswith(("datetime", "date"))
            )
            or ast.unparse(node.func) in {"time.time", "time.time_ns", "time.localtime"}
        )
    ]
    assert [place for place in asked if not place.startswith("clock.py")] == []
    assert asked, "the clock asks no longer: this test looks for the wrong words"


def test_no_files_import_each_other_in_a_circle() -> None:
    """Also inside functions: what has to be imported late to work belongs elsewhere."""
    arrows = {name(path): set(asked_by(path)) - {name(path)} for path in sorted(ROOT.rglob("*.py"))}
    while free := {file for file, asked in arrows.items() if not asked & arrows.keys()}:
        arrows = {file: asked for file, asked in arrows.items() if file not in free}
    assert sorted(arrows) == []


def asked_by(path: Path) -> Iterator[str]:
    """The files that a file imports: of `from a import b`, `a/b.py` where there is one, else `a`."""
    found = imports(path)
    for one in found:
        inner = f"{one.module}."
        if any(other.line == one.line and other.module.startswith(inner) for other in found):
            continue
        base = ROOT.parent.joinpath(*one.module.split("."))
        target = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
        if one.module.startswith("seqctl") and target.exists():
            yield name(target)
