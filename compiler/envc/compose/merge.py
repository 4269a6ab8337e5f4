"""What several files say in; one whole out: added where files are included, else laid over each other."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from envc.compose.rule import RULES, Joined, Keyed, Listed, Named, Rule, entry_text
from envc.compose.tree import Fields, Items, Node, plain
from envc.diagnostics import Diagnostic, Label
from envc.source import Span

__all__ = ["Merging"]

_ROOT = Keyed(rules=RULES)


class Merging:
    """Merges trees.

    Attributes:
        problems: Whatever two files say in two ways, E134.
    """

    def __init__(self) -> None:
        self.problems: list[Diagnostic] = []

    def add(self, first: Node, second: Node) -> Node:
        """Return what two files say together; neither may contradict the other.

        A list has the first's items before the second's; one that is written in both because both
        include it stands once.
        """
        return self._merge((), first, second, _ROOT, is_over=False)

    def over(self, below: Node, above: Node) -> Node:
        """Return a whole spec with another over it, which wins."""
        return self._merge((), below, above, _ROOT, is_over=True)

    def _merge(
        self, path: tuple[str, ...], first: Node, second: Node, rule: Rule, *, is_over: bool
    ) -> Node:
        match rule:
            case Keyed() if rule.short and first.items and second.items:
                own = rule.rules[rule.short]
                return self._merge(path, first, second, own, is_over=is_over)
            case Keyed():
                one, other = _widen(first, second, rule)
                if isinstance(one.value, dict) and isinstance(other.value, dict):
                    if is_over and rule.is_replaced:
                        return second
                    fields = self._merge_fields(path, one, other, rule, is_over=is_over)
                    return replace(other, value=fields)
            case Listed() | Joined() | Named():
                if isinstance(first.value, tuple) and isinstance(second.value, tuple):
                    items = _merge_items(first.value, second.value, rule, is_over=is_over)
                    return replace(second, value=items)
            case None:
                pass
            case _:
                assert_never(rule)
        if not is_over and plain(first) != plain(second):
            self._refuse(path, first, second)
        return second

    def _merge_fields(
        self, path: tuple[str, ...], first: Node, second: Node, rule: Keyed, *, is_over: bool
    ) -> Fields:
        fields = dict(first.fields)
        for key, node in second.fields.items():
            if key in fields:
                own = rule.rules.get(key)
                node = self._merge((*path, key), fields[key], node, own, is_over=is_over)
            fields[key] = node
        return fields

    def _refuse(self, path: tuple[str, ...], first: Node, second: Node) -> None:
        if first.place == second.place:
            return
        name = ".".join(path)
        self.problems.append(
            Diagnostic(
                code="E134",
                message=f"two files say different things about `{name}`",
                labels=(
                    Label(span=second.place, text="said again"),
                    Label(span=first.place, text="first said here"),
                ),
                hint="say it in one of them; a spec that `extends` the other may say it anew",
            )
        )


def _widen(first: Node, second: Node, rule: Keyed) -> tuple[Node, Node]:
    """Return both as mappings, where one is a list that stands for one key of such."""
    if not rule.short:
        return first, second
    return _to_fields(first, rule.short), _to_fields(second, rule.short)


def _to_fields(node: Node, key: str) -> Node:
    if not isinstance(node.value, tuple):
        return node
    return replace(node, value={key: replace(node, key=None)})


def _merge_items(
    first: Items, second: Items, rule: Listed | Joined | Named, *, is_over: bool
) -> Items:
    known = {_identity(item.span) for item in first}
    more = [item for item in second if _identity(item.span) not in known]
    if isinstance(rule, Listed):
        data = [plain(item) for item in first]
        return (*first, *(item for item in more if plain(item) not in data))
    if isinstance(rule, Named) and is_over:
        names = {rule.name(entry_text(item)) for item in second} - {""}
        kept = [item for item in first if rule.name(entry_text(item)) not in names]
        known = {_identity(item.span) for item in kept}
        return (*kept, *(item for item in second if _identity(item.span) not in known))
    return (*first, *more)


def _identity(span: Span) -> tuple[str, int, int]:
    return span.source.name, span.start, span.end
