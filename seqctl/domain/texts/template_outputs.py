"""What a template writes out: text and numbers, never `None`, `True` or a list in brackets.

Import this module inside functions: jinja2 takes 50 ms to import.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

_TAKES_A_LIST = ("join", "first", "last")
_WRITES_ITS_VALUES = ("default", "d", "replace", "join")


def unspeakable(template: nodes.Template) -> Iterator[tuple[nodes.Node, str, str]]:
    """What would be written out and is no text: the node, the word that names it, and what it is."""
    for output in template.find_all(nodes.Output):
        for node in output.nodes:
            yield from _of(node)


def _of(node: nodes.Node) -> Iterator[tuple[nodes.Node, str, str]]:
    if isinstance(node, nodes.Const) and (node.value is None or isinstance(node.value, bool)):
        word = str(node.value).lower()
        yield node, word, f"`{word}` is no text; write what the mail should say"
    elif isinstance(node, nodes.List | nodes.Tuple):
        yield node, "", "a list is no text; use `| join(', ')`, or leave out a comma"
    elif isinstance(node, nodes.Compare | nodes.Not | nodes.Test):
        yield node, "", "a comparison is no text; it belongs into `{% if … %}`"
    else:
        for part in _written(node):
            yield from _of(part)


def _written(node: nodes.Node) -> Iterator[nodes.Node]:
    """The parts of an expression whose values are written when its value is."""
    if isinstance(node, nodes.CondExpr):
        yield from (part for part in (node.expr1, node.expr2) if part is not None)
    elif isinstance(node, nodes.And | nodes.Or | nodes.Add):
        yield from (node.left, node.right)
    elif isinstance(node, nodes.Neg | nodes.Pos):
        yield node.node
    elif isinstance(node, nodes.Concat):
        yield from node.nodes
    elif isinstance(node, nodes.Filter):
        yield from _through(node)


def _through(node: nodes.Filter) -> Iterator[nodes.Node]:
    if node.name not in ("length", "count") and node.node is not None:
        if node.name in _TAKES_A_LIST and isinstance(node.node, nodes.List | nodes.Tuple):
            yield from node.node.items
        else:
            yield node.node
    if node.name in _WRITES_ITS_VALUES:
        yield from node.args
        yield from (pair.value for pair in node.kwargs)
