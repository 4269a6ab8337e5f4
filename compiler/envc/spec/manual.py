"""What the language has to say about each of its fields: for `envc explain` and the reference page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from envc.diagnostics import Diagnostic, suggest
from envc.errors import UsageError
from envc.frozen import frozen
from envc.spec.description import Description
from envc.spec.example import EXAMPLES, Example
from envc.spec.model import EnvSpec
from envc.spec.schema import Schema, in_words, outline
from envc.spec.word import FUTURE, SYNONYMS

__all__ = ["Topic", "look_up", "page", "topics"]

_SPECS = frozenset({".envc", ".yaml", ".yml"})
_HEAD = """\
# The language, field by field

`envc explain --all` prints this page, `envc explain FIELD` one field of it. A spec is written in the
DSL (`NAME.envc`) or in YAML (`NAME.yaml`), and both say the same. A name with dots is the way to a field
in the YAML form: `pip.indexes.secret` is the `secret` of one of `pip`'s `indexes`.
"""


@frozen
class Topic:
    """What there is to say about one field.

    Attributes:
        name: The keys that lead to it in the YAML form, with dots between them.
        holds: What its value is, in words, without an article.
        meaning: Sentences.
        is_required: Whether its block, or the spec, must have it.
        default: In words, or a value in backticks; empty where it is required.
        example: The field in use.
    """

    name: str
    holds: str
    meaning: str
    is_required: bool
    default: str
    example: Example

    @property
    def summary(self) -> str:
        """The first sentence of its meaning, without a full stop."""
        return self.meaning.removesuffix(".").partition(". ")[0]

    @property
    def need(self) -> str:
        """Whether it must be there, in a word."""
        return "required" if self.is_required else "optional"


def topics() -> tuple[Topic, ...]:
    """Return every field, in the order of the model; each block is followed by the fields in it."""
    whole = outline()
    return tuple(_walk(whole, "", whole["$defs"], EXAMPLES["environment"]))


def look_up(name: str, known: Sequence[Topic]) -> tuple[Topic, tuple[Topic, ...]]:
    """Return what is known of a field, and of the fields directly in it.

    Raises:
        UsageError: There is no such field (E170), or not yet (E171).
    """
    found = next((topic for topic in known if topic.name == name), None)
    if found is None:
        raise UsageError([_unknown(name, [topic.name for topic in known])])
    return found, tuple(topic for topic in known if topic.name.rpartition(".")[0] == name)


def page(known: Sequence[Topic]) -> str:
    """Return the reference page of the language, in Markdown."""
    return "\n".join((_HEAD, *(_section(topic) for topic in known)))


def _walk(
    block: Schema, prefix: str, blocks: dict[str, Schema], inherited: Example
) -> Iterator[Topic]:
    for key, shape in block["properties"].items():
        said = Description.parse(shape["description"])
        name = f"{prefix}{key}"
        example = EXAMPLES.get(name, inherited)
        yield Topic(
            name=name,
            holds=in_words(shape),
            meaning=said.meaning,
            is_required=said.is_required,
            default=said.default,
            example=example,
        )
        for part in _parts_of(shape):
            yield from _walk(blocks[part], f"{name}.", blocks, example)


def _parts_of(shape: Any) -> Iterator[str]:
    """Yield the names of the blocks that a field may hold.

    Where a list stands for a block with that list in it, only the block.
    """
    if isinstance(shape, list):
        blocks = [item for item in shape if "$ref" in item]
        for item in blocks or shape:
            yield from _parts_of(item)
    elif isinstance(shape, dict):
        if "$ref" in shape:
            yield shape["$ref"].rpartition("/")[2]
        for keyword in ("anyOf", "items", "additionalProperties"):
            yield from _parts_of(shape.get(keyword))


def _unknown(name: str, known: Sequence[str]) -> Diagnostic:
    if PurePosixPath(name).suffix in _SPECS:
        return Diagnostic(
            code="E170",
            message=f"`{name}` is not a field of the language",
            hint="name a field, such as `pip.indexes`; `envc check` says what is wrong with a spec",
        )
    if name.replace("_", "-").lower() in FUTURE[EnvSpec]:
        return Diagnostic(
            code="E171",
            message=f"`{name}` is not supported yet",
            hint="`envc explain` lists the fields that are",
        )
    meant = _guess(name, known)
    hint = "`envc explain` lists the fields"
    if meant:
        hint = f"did you mean {' or '.join(f'`{field}`' for field in meant)}?"
    return Diagnostic(code="E170", message=f"there is no field `{name}`", hint=hint)


def _guess(name: str, known: Sequence[str]) -> list[str]:
    """Return the fields that a name may have meant: by its last keys, a synonym, or misspelt."""
    if ends := _ending_in(name, known):
        return ends
    if synonym := SYNONYMS[EnvSpec].get(name.replace("_", "-").lower()):
        return [field for field in known if f"`{field}`" in f"`{synonym}`"]
    if meant := suggest(name, known):
        return [meant]
    key = suggest(name, {field.rpartition(".")[2] for field in known})
    return _ending_in(key, known) if key else []


def _ending_in(name: str, known: Sequence[str]) -> list[str]:
    return [field for field in known if f".{field}".endswith(f".{name}")]


def _section(topic: Topic) -> str:
    level = "#" * (2 + topic.name.count("."))
    default = f" Default: {topic.default}." if topic.default else ""
    lines = [
        f"{level} {topic.name}",
        "",
        topic.meaning,
        "",
        f"*{topic.need.capitalize()}: {topic.holds}.*{default}",
        "",
    ]
    if topic.name in EXAMPLES:
        lines += ["```", topic.example.dsl, "```", "", "```yaml", topic.example.yaml, "```", ""]
    return "\n".join(lines)
