"""Declarations, a variant and what the command line says in; the value of each parameter out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from envc.compose.param import Declarations, how_to_declare
from envc.compose.reference import OPENING, Reference, find_references
from envc.compose.tree import Node
from envc.diagnostics import Diagnostic, Label, suggest
from envc.frozen import frozen
from envc.source import Span
from envc.syntax.document import locate
from envc.syntax.origin import Origin, Piece, Use

__all__ = ["LENGTH_LIMIT", "Filled", "Values"]

LENGTH_LIMIT = 10_000_000
"""How many characters parameters may add to a spec: as many as its text may have."""


@frozen
class Filled:
    """A text with parameters filled in.

    Attributes:
        node: The text; as it was where something is wrong with it.
        is_right: Whether all that it names has a value.
        names: The parameters that it names.
    """

    node: Node
    is_right: bool
    names: tuple[str, ...]


class Values:
    """The values of the parameters in one variant, each found when it is needed.

    Attributes:
        problems: All that was wrong so far.
    """

    def __init__(self, declarations: Declarations, variant: str, sets: Mapping[str, str]) -> None:
        self._params = declarations.params
        self._settings = declarations.variants[variant].fields if variant else {}
        self._sets = sets
        self._broken = declarations.broken
        self._is_partial = declarations.is_partial
        self._known: dict[str, Use | None] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._chain: list[tuple[str, Span]] = []
        self._added = 0
        self.problems: list[Diagnostic] = []

    def find_all(self) -> None:
        """Find the value of every parameter, so that what is wrong with any is known."""
        for name in self._params:
            self._find(name)

    def closure(self, names: Sequence[str]) -> frozenset[str]:
        """Return parameters with all that their values name."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self._names.get(name, ()))
        return frozenset(found)

    def fill(self, node: Node) -> Filled:
        """Return a text with the values of the parameters that it names."""
        text = node.value
        if not isinstance(text, str) or OPENING not in text:
            return Filled(node=node, is_right=True, names=())
        references = list(find_references(text))
        uses = [self._use(node, reference) for reference in references]
        names = tuple(reference.name for reference in references if reference.name)
        parts = list(zip(references, uses, strict=True))
        if any(use is None for reference, use in parts if reference.name is not None):
            return Filled(node=node, is_right=False, names=names)
        filled = _put_together(text, parts)
        self._added += max(len(filled.text) - len(text), 0)
        if self._added > LENGTH_LIMIT:
            self._refuse_length(node)
            return Filled(node=node, is_right=False, names=names)
        result = Node(value=filled.text, span=node.span, key=node.key, origin=filled)
        return Filled(node=result, is_right=True, names=names)

    def _use(self, node: Node, reference: Reference) -> Use | None:
        """Return what a reference stands for; None where that is wrong, or it is an escape."""
        if reference.problem:
            span = _place(node, reference)
            message = f"`{span.text if span is not node.span else OPENING}` {reference.problem}"
            hint = "write `${{ name }}`; for the text `${{` itself write `$${{`"
            self.problems.append(Diagnostic.at(span, "E111", message, hint=hint))
        if not reference.name:
            return None
        if reference.name not in self._params and reference.name not in self._broken:
            if not self._is_partial:
                self._refuse_unknown(node, reference, reference.name)
            return None
        return self._find(reference.name)

    def _find(self, name: str) -> Use | None:
        """Return the value of a parameter; None where there is none, which is then reported."""
        names = [known for known, _ in self._chain]
        if name in names:
            start = names.index(name)
            self._refuse_cycle(self._chain[start:], name)
            return None
        if name not in self._known:
            node = self._settings.get(name) or self._params.get(name)
            if node is None:
                return None
            self._chain.append((name, node.span))
            self._known[name] = self._evaluate(name, node)
            self._chain.pop()
        return self._known[name]

    def _evaluate(self, name: str, node: Node) -> Use | None:
        if name in self._sets:
            return Use(name=name, value=self._sets[name])
        if not isinstance(node.value, str):
            self.problems.append(
                Diagnostic.at(
                    node.place,
                    "E132",
                    f"the parameter `{name}` has no value",
                    hint=f"say `--set {name}=VALUE`, set it in every variant of a `matrix`, or give "
                    "it a default",
                )
            )
            return None
        filled = self.fill(node)
        self._names[name] = filled.names
        if not filled.is_right:
            return None
        return Use(name=name, value=str(filled.node.value), span=node.span)

    def _refuse_unknown(self, node: Node, reference: Reference, name: str) -> None:
        span, meant = _place(node, reference), suggest(name, self._params)
        hint = f"did you mean `{meant}`?" if meant else how_to_declare(name, span)
        message = f"there is no parameter `{name}`"
        self.problems.append(Diagnostic.at(span, "E111", message, hint=hint))

    def _refuse_cycle(self, chain: Sequence[tuple[str, Span]], name: str) -> None:
        names = [*(known for known, _ in chain), name]
        labels = [
            Label(span=span, text=f"`{known}` needs `{needed}`")
            for (known, span), needed in zip(chain, names[1:], strict=True)
        ]
        message = f"the parameter `{name}` is made of itself"
        if len(chain) > 1:
            message += f": {' -> '.join(names)}"
        problem = Diagnostic(
            code="E133",
            message=message,
            labels=(labels[-1], *labels[:-1]),
            hint="give one of them a value of its own",
        )
        self.problems.append(problem)

    def _refuse_length(self, node: Node) -> None:
        message = f"parameters make this spec more than {LENGTH_LIMIT:,} characters longer"
        hint = "do parameters hold each other several times?"
        if not any(problem.code == "E140" for problem in self.problems):
            self.problems.append(Diagnostic.at(node.span, "E140", message, hint=hint))


def _put_together(text: str, parts: Sequence[tuple[Reference, Use | None]]) -> Origin:
    """Return a text with what stands for its references."""
    pieces: list[Piece] = []
    words: list[str] = []
    length = place = 0

    def add(word: str, end: int, use: Use | None = None) -> None:
        nonlocal length, place
        if word or use is not None:
            pieces.append(
                Piece(
                    start=length,
                    end=length + len(word),
                    written_start=place,
                    written_end=end,
                    use=use,
                )
            )
        words.append(word)
        length, place = length + len(word), end

    for reference, use in parts:
        add(text[place : reference.start], reference.start)
        add(use.value if use is not None else OPENING, reference.end, use)
    add(text[place:], len(text))
    return Origin(text="".join(words), written=text, pieces=tuple(pieces))


def _place(node: Node, reference: Reference) -> Span:
    """Return where a reference stands: in a text that is folded or indented, by counting."""
    text, written = str(node.value), node.span.text
    span = locate(node.span, text, reference.start, reference.end)
    if span is not None:
        return span
    word = text[reference.start : reference.end]
    if text.count(word) != written.count(word):
        return node.span
    start = -1
    for _ in range(text.count(word, 0, reference.start) + 1):
        start = written.index(word, start + 1)
    return node.span.within(start, start + len(word))
