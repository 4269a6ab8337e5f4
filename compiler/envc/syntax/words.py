"""What the words of the DSL mean: a table from names to the form of what follows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = [
    "STATEMENTS",
    "Entries",
    "Fields",
    "Form",
    "Pairs",
    "Step",
    "Strings",
    "Text",
    "Value",
    "Values",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One word or string: `user 1000`.

    Where `may_be_array`, an array may stand there instead: `run ["curl", "-f"]`.
    """

    example: str
    may_be_array: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The rest of the line as it is written, or one string: `python >=3.11, <3.13`."""

    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Words or strings, a comma between two: `platforms linux/amd64, linux/arm64`.

    Where `repeatable`, a second statement adds to the first. Where `is_string`, each is one string.
    """

    example: str
    repeatable: bool = False
    is_string: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Strings:
    """An array: `command ["python", "train.py"]`."""

    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """A block of names and values of the user's choice: `variables { A = "x" }`."""

    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """A block of statements with their own table: `runtime { shm 2g }`.

    Where `inline`, one of them stands on the same line instead: `base image "debian:12"`. Where
    `instead` is a word, that may stand there alone, without a block: `healthcheck none`.
    """

    example: str
    words: Mapping[str, Form]
    inline: bool = False
    instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """A block of packages, handed over as they are written.

    Where `has_versions`, a comma may be part of an entry: `numpy >=1.26,<2`. `sources` are the words
    that mean something else before a string: `wheel "x.whl"`.
    """

    example: str
    has_versions: bool = True
    sources: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of many, in the order of the text: `run "make"`."""

    example: str


Form: TypeAlias = Value | Text | Values | Strings | Pairs | Fields | Entries | Step

STATEMENTS: Mapping[str, Form] = {
    "environment": Value(example="environment pets"),
    "base": Fields(
        example='base image "debian:bookworm-slim"',
        words={"image": Value(example='image "debian:bookworm-slim"')},
        inline=True,
    ),
    "platforms": Values(example="platforms linux/amd64, linux/arm64"),
    "python": Text(example="python 3.12"),
    "channels": Values(example="channels conda-forge, bioconda"),
    "conda": Entries(example="conda { numpy >=1.26,<2 }"),
    "pip": Entries(example="pip { requests >=2.32 }", sources=frozenset({"index", "wheel"})),
    "system": Entries(example="system { git, libfuse-dev }", has_versions=False),
    "variables": Pairs(example='variables { OMP_NUM_THREADS = "4" }'),
    "copy": Step(example='copy "src/" to "/app"'),
    "run": Step(example='run "make install"'),
    "user": Value(example="user 1000"),
    "workdir": Value(example='workdir "/app"'),
    "entrypoint": Strings(example='entrypoint ["/usr/bin/tini", "--"]'),
    "command": Strings(example='command ["python", "train.py"]'),
    "labels": Pairs(example='labels { org.opencontainers.image.title = "Pets" }'),
    "ports": Values(example="ports 8080, 9000/udp"),
    "volumes": Values(example='volumes "/data"'),
    "healthcheck": Fields(
        example='healthcheck { run "curl -f http://localhost/", interval 30s }',
        words={
            "run": Value(example='run "curl -f http://localhost/"', may_be_array=True),
            "interval": Value(example="interval 30s"),
            "timeout": Value(example="timeout 5s"),
            "start": Value(example="start 10s"),
            "retries": Value(example="retries 3"),
        },
        instead="none",
    ),
    "stopsignal": Value(example="stopsignal SIGINT"),
    "check": Fields(
        example='check { import numpy, run "python --version" }',
        words={
            "import": Values(example="import numpy, pandas", repeatable=True),
            "run": Values(example='run "python --version"', repeatable=True, is_string=True),
        },
    ),
    "runtime": Fields(
        example="runtime { shm 2g, gpus all }",
        words={"shm": Value(example="shm 2g"), "gpus": Value(example="gpus all")},
    ),
    "serve": Fields(
        example='serve { entry "score.py", model "models/pets" }',
        words={
            "entry": Value(example='entry "score.py"'),
            "model": Value(example='model "models/pets"'),
        },
    ),
}
