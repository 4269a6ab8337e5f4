"""What may follow a word of the DSL: its forms, from one value to a block of packages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, TypeAlias

from envc.frozen import frozen

__all__ = [
    "NO",
    "YES",
    "Entries",
    "Fields",
    "Form",
    "Groups",
    "Listed",
    "Option",
    "Pairs",
    "Param",
    "Phrase",
    "Source",
    "Step",
    "Steps",
    "Strings",
    "Text",
    "Value",
    "Values",
    "key_of",
    "with_keys",
]


YES = frozenset({"true", "yes"})
NO = frozenset({"false", "no"})
"""What says yes, and what no, where only that is asked."""


@frozen
class Value:
    """One word or string: `user 1000`.

    Where `may_be_array`, an array may stand there instead: `run ["curl", "-f"]`.
    """

    example: str
    may_be_array: bool = False


@frozen
class Text:
    """The rest of the line as it is written, or one string: `python >=3.11, <3.13`.

    Where it starts with one of `words`, with more after it, that is a field: `python managed no`.
    """

    example: str
    words: Mapping[str, Form] = field(default_factory=dict)


@frozen
class Values:
    """Words or strings, a comma between two: `platforms linux/amd64, linux/arm64`.

    Where `repeatable`, a second statement adds to the first. Where `is_string`, each is one string.
    Where there is a `part`, `secret NAME` may follow each; it then is a mapping, in which it is called
    so: `channels "https://conda.example.com/pets" secret NAME`.
    """

    example: str
    repeatable: bool = False
    is_string: bool = False
    part: str = ""


@frozen
class Strings:
    """An array: `command ["python", "train.py"]`."""

    example: str


@frozen
class Pairs:
    """A block of names and values of the user's choice: `variables { A = "x" }`.

    Where `has_platforms`, a line may be for one platform: `A = "x" on linux/amd64`; the lines of one
    name are then a mapping from platforms to values.
    """

    example: str
    has_platforms: bool = False


@frozen
class Groups:
    """A block of names, each with a block of pairs: `matrix { gpu { cuda = "12.4" } }`."""

    example: str


@frozen
class Param:
    """A name, and what it stands for unless something else is chosen: `param cuda = "12.4"`.

    A name alone must be given a value. Statements add to the mapping at `key`.
    """

    example: str
    key: str


@frozen
class Fields:
    """A block of statements with their own table: `runtime { shm 2g }`.

    Where `inline`, one of them may stand on the same line instead: `base image "debian:12"`; several
    such lines are one block. Where `instead` is a word, that may stand there alone, without a block:
    `healthcheck none`.
    """

    example: str
    words: Mapping[str, Form]
    inline: bool = False
    instead: str = ""


@frozen
class Source:
    """What a word of a block of packages means before a string: `wheel "x.whl"`.

    Attributes:
        key: The list that it adds to; where `is_single`, the value itself.
        example: How it is written.
        part: What the string is called beside an `on`; empty where it takes none.
        names: What the string is called in the mapping that it always is in: the name that is
            written before it, else the first for an address, and the last for anything else. Empty
            where it is text.
        has_secret: Whether `secret NAME` may follow.
        is_single: Whether it may stand only once.
    """

    key: str
    example: str
    part: str = ""
    names: tuple[str, ...] = ()
    has_secret: bool = False
    is_single: bool = False


@frozen
class Entries:
    """A block of packages, handed over as they are written; one may end in `on PLATFORM`.

    Where `has_versions`, a comma may be part of an entry: `numpy >=1.26,<2`; where `has_builds`, a
    version may follow a name without an operator: `numpy 1.26 py_0`. `sources` are the words that mean
    something else before a string: `wheel "x.whl"`.
    """

    example: str
    has_versions: bool = True
    has_builds: bool = False
    sources: Mapping[str, Source] = field(default_factory=dict)


@frozen
class Option:
    """What may follow the strings of a phrase, once, in any order: `network`, `owner 1000`.

    A flag stands alone; any other word has a value after it.
    """

    kind: Literal["flag", "value", "string", "array", "platform"]
    example: str


@frozen
class Phrase:
    """One string, or two with `to` between them, and options: `copy "src/" to "/app" mode 0644`.

    Attributes:
        names: What the strings are called; the only one is a text by itself where no option follows.
        options: By their words, in the order in which they are printed.
    """

    names: tuple[str, ...]
    options: Mapping[str, Option]


@frozen
class Listed:
    """Phrases that are the items of the list at `key`, in one statement or several."""

    example: str
    key: str
    phrase: Phrase


@frozen
class Step:
    """One step of many, in the order of the text: `run "make"`."""

    example: str
    phrase: Phrase


@frozen
class Steps:
    """A block of steps after a second word: `before packages { run "make" }`; the list at `key`."""

    example: str
    key: str
    after: str
    words: Mapping[str, Step]


Form: TypeAlias = (
    Value
    | Text
    | Values
    | Strings
    | Pairs
    | Groups
    | Param
    | Fields
    | Entries
    | Listed
    | Step
    | Steps
)


def key_of(word: str, form: Form) -> str:
    """Return the key of the data that a statement gives a value to; steps share one."""
    match form:
        case Param() | Listed() | Steps():
            return form.key
        case Step():
            return "steps"
        case _:
            return word


def with_keys(words: Mapping[str, Form]) -> dict[str, tuple[str, Form]]:
    """Return words and forms by the keys of their data; steps, which share one, are not in it."""
    return {
        key_of(word, form): (word, form)
        for word, form in words.items()
        if not isinstance(form, Step)
    }
