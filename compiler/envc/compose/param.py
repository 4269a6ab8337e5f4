"""Parameters and variants: what files declare of them in, the declarations that hold out."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import field, replace

from envc.compose.file import File, Files
from envc.compose.reference import NAME
from envc.compose.tree import Fields, Node, plain
from envc.diagnostics import Diagnostic, Label, suggest
from envc.frozen import frozen
from envc.source import Span
from envc.syntax import form_of
from envc.syntax.excerpt import excerpt

__all__ = ["VARIANT", "VARIANT_LIMIT", "Declarations", "Layer", "declare", "how_to_declare"]

VARIANT_LIMIT = 64
VARIANT = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_NAME_LIMIT = 64
_REFERENCE = re.compile(r"\$\{\{[^\n]*?\}\}")
_REQUIRED = ({"required": "true"}, {"required": "yes"})

_EXAMPLES = {
    "params": ('param cuda = "12.4"', 'params: {cuda: "12.4"}'),
    "matrix": ('matrix { cpu { cuda = "none" } }', "matrix: {cpu: {cuda: none}}"),
}


@frozen
class Layer:
    """What one file declares.

    Attributes:
        params: The value of each parameter; a mapping where it is required and has none.
        variants: What each variant sets.
    """

    params: Mapping[str, Node] = field(default_factory=dict)
    variants: Mapping[str, Node] = field(default_factory=dict)


@frozen
class Declarations:
    """What all files of a spec declare together.

    Attributes:
        params: As in Layer.
        variants: As in Layer, in order; none where there is no matrix.
        problems: With them.
        broken: Names whose declaration is wrong: nothing more is said about them.
        is_partial: Whether there may be more parameters, which could not be read.
    """

    params: Mapping[str, Node]
    variants: Mapping[str, Node]
    problems: tuple[Diagnostic, ...]
    broken: frozenset[str]
    is_partial: bool


def declare(files: Files, trees: Mapping[str, Node]) -> Declarations:
    """Return the declarations of a spec: a file's own go before those of the files that it names.

    What two included files declare must agree, unless the file that includes them decides.

    Args:
        trees: The content of each file.
    """
    reader = _Reader()
    own = {path: reader.read(tree) for path, tree in trees.items()}
    done: dict[str, Layer] = {}

    def layer(path: str) -> Layer:
        if path not in done:
            file = files.by_path[path]
            params: dict[str, Node] = {}
            variants: dict[str, Node] = {}
            for link in file.includes:
                included = layer(link.path)
                reader.add("parameter", params, included.params, own[path].params)
                reader.add("variant", variants, included.variants, own[path].variants)
            parent = layer(file.parent.path) if file.parent is not None else Layer()
            done[path] = Layer(
                params=_over(_over(parent.params, params), own[path].params),
                variants={**parent.variants, **variants, **own[path].variants},
            )
        return done[path]

    found = layer(next(iter(files.by_path)))
    variants = reader.limit(found.variants)
    is_partial = files.is_partial or reader.is_partial
    broken = frozenset(reader.broken.union(*map(_lost_words, files.by_path.values())))
    if not is_partial:
        reader.check_variants(found, variants, broken)
    return Declarations(
        params=found.params,
        variants=variants,
        problems=tuple(dict.fromkeys(reader.problems)),
        broken=broken,
        is_partial=is_partial,
    )


def how_to_declare(name: str, span: Span) -> str:
    """Return the hint to declare a parameter, in the form of a place's file."""
    is_yaml = form_of(span.source.name) == "yaml"
    example = f'params: {{{name}: "..."}}' if is_yaml else f'param {name} = "..."'
    return f"declare it, as in `{example}`"


def _lost_words(file: File) -> frozenset[str]:
    """Return the words on lines that cannot be read: each may be the name of a parameter."""
    problems = [label.span for problem in file.draft.problems for label in problem.labels[:1]]
    words: set[str] = set()
    for span in (*file.draft.lost, *problems):
        first = span.source.line_start(span.start)
        last = span.source.line_span(span.source.position(max(span.end - 1, span.start)).line).end
        written = span.source.text[first:last]
        words.update(NAME.findall(_REFERENCE.sub(" ", written)))
    return frozenset(words)


def _over(below: Mapping[str, Node], above: Mapping[str, Node]) -> dict[str, Node]:
    """Return declarations with others over them: one without a value takes none away."""
    kept = {name for name, node in above.items() if name in below and not _has_value(node)}
    return {**below, **{name: node for name, node in above.items() if name not in kept}}


def _has_value(node: Node) -> bool:
    return isinstance(node.value, str)


class _Reader:
    """Reads declarations; what is wrong is kept and left out."""

    def __init__(self) -> None:
        self.problems: list[Diagnostic] = []
        self.broken: set[str] = set()
        self.is_partial = False

    def read(self, tree: Node) -> Layer:
        """Return what a file declares."""
        fields = tree.fields
        return Layer(
            params=dict(self._read_params(fields)), variants=dict(self._read_matrix(fields))
        )

    def add(
        self,
        what: str,
        known: dict[str, Node],
        more: Mapping[str, Node],
        own: Mapping[str, Node],
    ) -> None:
        """Add what a file declares to what files beside it do (E134), unless `own` decides."""
        for name, node in more.items():
            first = known.get(name)
            if first is None or (isinstance(node.value, str) and not _has_value(first)):
                known[name] = node
                continue
            is_one = first == node or plain(first) == plain(node) or plain(node) in _REQUIRED
            if is_one or name in own:
                continue
            self.problems.append(
                Diagnostic(
                    code="E134",
                    message=f"two included files say different things about the {what} `{name}`",
                    labels=(
                        Label(span=node.place, text="said again"),
                        Label(span=first.place, text="first said here"),
                    ),
                    hint="let them agree, or say it in the file that includes both",
                )
            )

    def limit(self, variants: Mapping[str, Node]) -> dict[str, Node]:
        """Return no more variants than there may be (E138)."""
        names = list(variants)
        if len(names) > VARIANT_LIMIT:
            self._refuse(
                variants[names[VARIANT_LIMIT]],
                "E138",
                f"a matrix has at most {VARIANT_LIMIT} variants, and this one has {len(names):,}",
                "keep those that are built, or make several specs that extend one",
            )
        return {name: variants[name] for name in names[:VARIANT_LIMIT]}

    def check_variants(
        self, found: Layer, variants: Mapping[str, Node], broken: Container[str]
    ) -> None:
        """Refuse what variants set and nobody declares, each name once (E137)."""
        unknown: dict[str, dict[str, Span]] = {}
        for variant, node in variants.items():
            for name, value in node.fields.items():
                if name not in found.params and name not in broken:
                    unknown.setdefault(name, {})[variant] = value.place
        for name, places in unknown.items():
            variant, span = next(iter(places.items()))
            meant = suggest(name, found.params)
            self.problems.append(
                Diagnostic(
                    code="E137",
                    message=f"the variant `{variant}` sets `{name}`, which is no parameter",
                    labels=(
                        Label(span=span),
                        *(
                            Label(span=other, text=f"set by `{later}`, too")
                            for later, other in list(places.items())[1:]
                        ),
                    ),
                    hint=f"did you mean `{meant}`?" if meant else how_to_declare(name, span),
                )
            )

    def _read_params(self, fields: Fields) -> Iterator[tuple[str, Node]]:
        for name, node in self._mapping(fields, "params", "E131").items():
            if not NAME.fullmatch(name):
                hint = "a name has letters, digits, `_` and `-`, and starts with a letter"
                self._refuse(node, "E130", f"`{name}` cannot be the name of a parameter", hint)
            elif isinstance(node.value, str) or plain(node) in _REQUIRED:
                yield name, node
            else:
                self.broken.add(name)
                hint = f"write `{name}: VALUE`, or `{name}: {{required: true}}` for one without a default"
                message = f"the value of the parameter `{name}` must be a text"
                self._refuse(node, "E131", message, hint)

    def _read_matrix(self, fields: Fields) -> Iterator[tuple[str, Node]]:
        matrix = self._mapping(fields, "matrix", "E136")
        if "matrix" in fields and not matrix and isinstance(fields["matrix"].value, dict):
            hint = "add one, or remove the matrix"
            self._refuse(fields["matrix"], "E136", "the matrix has no variants", hint)
        for name, node in matrix.items():
            if not _is_variant(name):
                hint = "a name has small letters and digits, single `-`, `_` or `.` between them"
                self._refuse(node, "E135", f"`{name}` cannot be the name of a variant", hint)
                continue
            if not isinstance(node.value, dict):
                message = f"the variant `{name}` must be a mapping of parameters to values"
                self._refuse(node, "E136", message, _show("matrix", node.span))
                node = replace(node, value={})
            yield name, replace(node, value=dict(self._read_settings(name, node)))

    def _read_settings(self, variant: str, node: Node) -> Iterator[tuple[str, Node]]:
        for name, value in node.fields.items():
            if isinstance(value.value, str):
                yield name, value
                continue
            self.broken.add(name)
            message = f"the variant `{variant}` must set `{name}` to a text"
            self._refuse(value, "E136", message, "write one value")

    def _mapping(self, fields: Fields, word: str, code: str) -> Fields:
        node = fields.get(word)
        if node is None or isinstance(node.value, dict):
            return node.fields if node is not None else {}
        what = "parameters to values" if word == "params" else "variants to what they set"
        self.is_partial = True
        found = f", not `{excerpt(node.value)}`" if isinstance(node.value, str) else ""
        message = f"`{word}` must be a mapping of {what}{found}"
        hint = _show(word, node.span)
        self.problems.append(Diagnostic.at(node.span, code, message, hint=hint))
        return {}

    def _refuse(self, node: Node, code: str, message: str, hint: str) -> None:
        self.problems.append(Diagnostic.at(node.place, code, message, hint=hint))


def _show(word: str, span: Span) -> str:
    """Return how `params` or `matrix` are written, in the form of a place's file."""
    is_yaml = form_of(span.source.name) == "yaml"
    return f"write it as `{_EXAMPLES[word][is_yaml]}`"


def _is_variant(name: str) -> bool:
    return VARIANT.fullmatch(name) is not None and len(name) <= _NAME_LIMIT
