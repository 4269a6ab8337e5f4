"""The JSON Schema of the YAML form, made from the model: for editors, and for `envc explain`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from envc.spec.description import Description, read_value
from envc.spec.kind import KINDS, PLURALS
from envc.spec.written import ORDER, Written
from envc.syntax.document import Data

__all__ = ["Schema", "in_words", "outline", "schema"]

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PARAMETER = r"\$\{\{"
# What holds names of keys, or no schema at all.
_NO_VALUES = frozenset({"default", "description", "examples", "propertyNames", "title"})
_TRUTH = {"true": True, "false": False}


def schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a spec as an editor reads its YAML.

    It accepts every valid spec that stands by itself; a file that extends or is included may lack
    what is required. What it cannot say, such as whether a MatchSpec is one, is for `envc check`. A
    field's title is what it holds, in words.
    """
    whole = outline()
    blocks: Schema = whole.pop("$defs")
    described = {name: _describe_block(block) for name, block in sorted(blocks.items())}
    return {
        "$schema": _DIALECT,
        **_with_parameters(_describe_block(whole)),
        "title": "envc spec",
        "description": "An environment in the YAML form; `envc check` knows more than this schema.",
        "$defs": _with_parameters(described),
    }


def _with_parameters(shape: Any) -> Any:
    """Return a schema in which every value may hold a parameter; names of keys never do."""
    if isinstance(shape, list):
        return [_with_parameters(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    found = {
        key: value if key in _NO_VALUES else _with_parameters(value) for key, value in shape.items()
    }
    if isinstance(pattern := found.get("pattern"), str):
        return found | {"pattern": f"{pattern}|{_PARAMETER}"}
    if choice := {key: found.pop(key) for key in ("type", "enum", "const") if key in found}:
        if choice.keys() == {"type"}:
            return found | choice
        return found | {"anyOf": [choice, {"type": "string", "pattern": _PARAMETER}]}
    return found


def outline() -> Schema:
    """Return the schema as the model has it: with whole descriptions, and kinds of values as titles.

    What composition takes away is in it; `${{ name }}` is not.
    """
    whole: Schema = Written.model_json_schema(by_alias=True, schema_generator=_Generator)
    fields = whole["properties"]
    first = {key: fields.pop(key) for key in ORDER}
    return whole | {"properties": {**first, **fields}}


def in_words(shape: Mapping[str, Any]) -> str:
    """Return what a field of an outline holds, without an article: `list of words`."""
    match shape:
        case {"anyOf": shapes}:
            return ", or ".join(map(in_words, shapes))
        case {"enum": values}:
            return _choice_in_words(values)
        case {"type": "array", "items": {"enum": values}}:
            return "list of " + " and ".join(f"`{value}`" for value in values)
        case {"type": "array", "items": items}:
            return f"list of {_several(items)}"
        case {"propertyNames": names, "additionalProperties": values}:
            return f"mapping of {_several(names)} to {_several(values)}"
        case {"$ref": _}:
            return "mapping"
        case {"title": title}:
            return str(title)
    raise ValueError(f"a shape without words: {shape}")


def _choice_in_words(values: Sequence[Any]) -> str:
    """Return one of several values; of those that stand for the same truth value, one."""
    match values:
        case [True, False, *_]:
            return "`true` or `false`"
        case [True, *_]:
            return "`true`"
        case [False, *_]:
            return "`no`"
    return " or ".join(f"`{value}`" for value in values)


def _several(shape: Mapping[str, Any]) -> str:
    """Return what several of a shape are called: `words`, `MatchSpecs or mappings`."""
    match shape:
        case {"anyOf": shapes}:
            return " or ".join(map(_several, shapes))
        case {"$ref": _}:
            return "mappings"
        case {"title": str(title)}:
            return PLURALS.get(title, f"{title}s")
        case {"propertyNames": names, "additionalProperties": values}:
            return f"mappings of {_several(names)} to {_several(values)}"
    return "mappings"


def _describe_block(block: Schema) -> Schema:
    """Return a block with each description in its parts."""
    fields = {name: _describe_field(field) for name, field in block["properties"].items()}
    return block | {"properties": fields}


def _describe_field(field: Schema) -> Schema:
    said = Description.parse(field["description"])
    default = said.default_value
    in_sentence = f" Default: {said.default}." if said.default and default is None else ""
    described = {"title": in_words(field), "description": said.meaning + in_sentence}
    rest = {name: value for name, value in field.items() if name not in described}
    if default is not None:
        rest["default"] = _as_json(default)
    return described | rest | {"examples": [_as_json(read_value(said.example))]}


def _as_json(value: Data) -> Data | bool:
    return _TRUTH.get(value, value) if isinstance(value, str) else value


class _Generator(GenerateJsonSchema):
    """pydantic's generator, told what it cannot know: our rules, and that nothing is ever null."""

    def function_after_schema(
        self, schema: core_schema.AfterValidatorFunctionSchema
    ) -> JsonSchemaValue:
        """Add what the table says of a rule; a block's own rule says it in the model."""
        if schema["schema"]["type"] == "model":
            return self.generate_inner(schema["schema"])
        kind = KINDS[schema["function"]["function"]]  # type: ignore[index]
        named = {"title": kind.name} if kind.name else {}
        return self.generate_inner(schema["schema"]) | named | dict(kind.facts)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Leave null out: in a spec, a key without a value is an error."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave the default out: the description has what it means."""
        return self.generate_inner(schema["schema"])

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Name the shapes that a value may have; which of them it has, it shows by itself."""
        return {"anyOf": [self.generate_inner(shape) for shape in schema["choices"].values()]}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Hold every key to the rule of its keys, not only those that match."""
        return {
            "type": "object",
            "propertyNames": self.generate_inner(schema["keys_schema"]),
            "additionalProperties": self.generate_inner(schema["values_schema"]),
        }

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # pydantic's own
        """Leave the names of fields out: titles say what a value is."""
        return False

    def sort(
        self,
        value: JsonSchemaValue,
        parent_key: str | None = None,  # noqa: ARG002  # pydantic's own
    ) -> JsonSchemaValue:
        """Keep the model's order, which is the order in which people write specs."""
        return value
