"""How the DSL reads what people write; every mistake has a case in tests/cases/errors."""

from __future__ import annotations

from typing import Any

import pytest

from envc.errors import InputError
from envc.source import Source
from envc.syntax import parse
from envc.syntax.document import Document

SKETCH = """# Train and serve the pets classifier.
environment pets
extends "team/base.envc"
include "common/tools.envc", "common/labels.yaml"

param cuda = "12.4"
param token

base image "ubuntu:24.04"
base registry "registry.example.com"
platforms linux/amd64, linux/arm64
python 3.12
cuda ${{ cuda }}
virtual-packages { __glibc = "2.28" }
exclude-newer 2026-01-31

channels conda-forge
channel-priority disabled
conda {
    numpy >=1.26,<2
    pytorch 2.4.* cuda*  on linux/amd64
    pytorch 2.4.* cpu*   on linux/arm64
    pillow
    constraint "scipy <2"
}
pip {
    index "https://pypi.example.com/simple" secret PYPI_TOKEN
    find-links "https://example.com/wheels/" secret PAGES
    find-links "wheels/"
    fastai ==2.7.*
    tomli >=2 ; python_version < "3.11"  on linux/amd64
    wheel "dist/pets-1.0-py3-none-any.whl" on linux/amd64
    source "libs/pets"
    sdist "antlr4-python3-runtime"
    constraint "urllib3 <2"
    override "protobuf ==4.*"
}
system { git, libfuse-dev=3.10.5-1 on linux/amd64, snapshot "2026-01-31" }

variables {
    OMP_NUM_THREADS = "4"
    MARCH = "x86-64-v3" on linux/amd64
    MARCH = "armv8" on linux/arm64
}
build-variables { MAX_JOBS = "${{ jobs }}" }
copy "src/" to "/app" owner 1000:1000 mode 0644 ignore ["*.pyc", "tests/"] on linux/amd64
run "python -m compileall -q /app"
run "curl -fsS https://example.com/data -o /app/data" network
run "make" on linux/arm64 network
before packages { run "groupadd -r pets" }
user 1000
workdir "/app"
entrypoint []
command ["python", "train.py"]

check {
    import fastai, pets
    run "python -m pets --version" prints "1.0", "pets"
}
runtime { shm 2g, gpus all, arguments ["--ipc=host"], mount "data/" to "/data" read-only }
serve { entry "score.py", model "models/pets", port 8080, workers 2 }
train { script "train.py", arguments ["--epochs", "3"], source "src/" }

matrix {
    cpu { cuda = "none" }
    gpu { cuda = "12.4" }, plain {}
}
"""

SKETCH_IN_YAML = """
environment: pets
extends: team/base.envc
include: [common/tools.envc, common/labels.yaml]
params: {cuda: "12.4", token: {required: true}}
base: {image: "ubuntu:24.04", registry: registry.example.com}
platforms: [linux/amd64, linux/arm64]
python: 3.12
cuda: ${{ cuda }}
virtual-packages: {__glibc: "2.28"}
exclude-newer: 2026-01-31
channels: [conda-forge]
channel-priority: disabled
conda:
  packages:
    - numpy >=1.26,<2
    - {package: pytorch 2.4.* cuda*, on: linux/amd64}
    - {package: pytorch 2.4.* cpu*, on: linux/arm64}
    - pillow
  constraints: [scipy <2]
pip:
  indexes: [{url: "https://pypi.example.com/simple", secret: PYPI_TOKEN}]
  find-links: [{url: "https://example.com/wheels/", secret: PAGES}, {path: wheels/}]
  packages:
    - fastai ==2.7.*
    - {package: 'tomli >=2 ; python_version < "3.11"', on: linux/amd64}
  wheels: [{wheel: dist/pets-1.0-py3-none-any.whl, on: linux/amd64}]
  sources: [libs/pets]
  sdists: [antlr4-python3-runtime]
  constraints: [urllib3 <2]
  overrides: [protobuf ==4.*]
system:
  packages: [git, {package: libfuse-dev=3.10.5-1, on: linux/amd64}]
  snapshot: 2026-01-31
variables:
  OMP_NUM_THREADS: "4"
  MARCH: {linux/amd64: x86-64-v3, linux/arm64: armv8}
build-variables: {MAX_JOBS: "${{ jobs }}"}
steps:
  - copy: {from: src/, to: /app, owner: "1000:1000", mode: "0644", ignore: ["*.pyc", tests/]}
    on: linux/amd64
  - run: python -m compileall -q /app
  - run: {command: "curl -fsS https://example.com/data -o /app/data", network: true}
  - run: {command: make, network: true}
    on: linux/arm64
before-packages:
  - run: groupadd -r pets
user: 1000
workdir: /app
entrypoint: []
command: [python, train.py]
check:
  import: [fastai, pets]
  run: [{command: python -m pets --version, prints: "1.0"}, pets]
runtime:
  shm: 2g
  gpus: all
  arguments: [--ipc=host]
  mounts: [{from: data/, to: /data, read-only: true}]
serve: {entry: score.py, model: models/pets, port: 8080, workers: 2}
train: {script: train.py, arguments: [--epochs, "3"], source: src/}
matrix: {cpu: {cuda: none}, gpu: {cuda: "12.4"}, plain: {}}
"""


def read(text: str, *, name: str = "spec.envc") -> Document:
    return parse(Source(name=name, text=text))


def data(text: str) -> Any:
    return read(text).data


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        read(text)
    return [(item.code, item.labels[0].span.text) for item in caught.value.diagnostics]


def test_the_design_s_sketch_is_its_yaml_twin() -> None:
    twin = read(SKETCH_IN_YAML, name="spec.yaml")

    assert read(SKETCH).data == twin.data


def test_the_name_chooses_the_form() -> None:
    assert read("environment: pets", name="SPEC.YML").data == {"environment": "pets"}
    assert read("environment pets", name="<stdin>").data == {"environment": "pets"}


@pytest.mark.parametrize(
    ("block", "entries"),
    [
        ("numpy >= 1.26, <2, git", ["numpy >= 1.26, <2", "git"]),
        ("numpy 1.26,1.27.*,!=1.28, scipy", ["numpy 1.26,1.27.*,!=1.28", "scipy"]),
        ("numpy 1.26|1.27,>=1.0", ["numpy 1.26|1.27,>=1.0"]),
        ("git, 7zip", ["git", "7zip"]),
        ("numpy=1.26,1.27.*", ["numpy=1.26,1.27.*"]),
        (
            "conda-forge::numpy, https://a.com/x,y::z",
            ["conda-forge::numpy", "https://a.com/x,y::z"],
        ),
        ("index, wheel, import, run, conda", ["index", "wheel", "import", "run", "conda"]),
        (
            "x[build='cuda*', version=\">=2,<3\"] , git",
            ["x[build='cuda*', version=\">=2,<3\"]", "git"],
        ),
        ("numpy\t>=1.26 # why\n  # nothing\n\n  git", ["numpy\t>=1.26", "git"]),
        ("numpy >=1.26,<2,\n git,", ["numpy >=1.26,<2", "git"]),
        ("*[sha256=00], __cuda >=12", ["*[sha256=00]", "__cuda >=12"]),
        ("\"numpy >=1.26\", 'git'", ["numpy >=1.26", "git"]),
        ("", []),
        ("\n # nothing\n", []),
    ],
)
def test_conda_entries_are_handed_over_as_they_are_written(block: str, entries: list[str]) -> None:
    assert data(f"conda {{{block}}}") == {"conda": entries}


@pytest.mark.parametrize(
    "entry",
    [
        'tomli >=2 ; python_version < "3.11" and (os_name == \'nt\' or extra == "x")',
        "requests[socks, use-chardet] (>=2, <3)",
        "name @ https://example.com/a,b/x-1.0-py3-none-any.whl#sha256=00",
        "name @ git+https://example.com/x.git@v1#egg=name",
        "wheel >=0.40",
        "index",
        "7zip ~= 1.0, != 1.0.3",
        "torch=={{latest-pypi-version}}",
        "torch == {{ version }}",
    ],
)
def test_a_pip_entry_is_handed_over_as_it_is_written(entry: str) -> None:
    assert data(f"pip {{\n  {entry}  # a comment\n  git }}") == {"pip": [entry, "git"]}


def test_a_string_after_wheel_or_index_is_no_package() -> None:
    text = """pip {
        wheel, wheel "a.whl", index "https://a.com" secret A
        index 'https://b.com'
    }"""

    assert data(text) == {
        "pip": {
            "packages": ["wheel"],
            "wheels": ["a.whl"],
            "indexes": [{"url": "https://a.com", "secret": "A"}, {"url": "https://b.com"}],
        }
    }


def test_system_entries_have_no_version_lists() -> None:
    text = "system { git=1:2.39.2-1.1, 7zip, libc6 }"

    assert data(text) == {"system": ["git=1:2.39.2-1.1", "7zip", "libc6"]}


def test_a_value_may_stand_with_or_without_quotes() -> None:
    text = """variables { A=1, B = two, C="three", D = 'f=o"ur', E = "#", F = a#b }
    workdir /app
    copy src/ to '/app'
    base image python:3.12
    check { run "a, b", import x, y.z
        import w
    }"""

    assert data(text) == {
        "variables": {"A": "1", "B": "two", "C": "three", "D": 'f=o"ur', "E": "#", "F": "a#b"},
        "workdir": "/app",
        "steps": [{"copy": {"from": "src/", "to": "/app"}}],
        "base": {"image": "python:3.12"},
        "check": {"run": ["a, b"], "import": ["x", "y.z", "w"]},
    }


def test_python_may_have_several_words() -> None:
    assert data("python >=3.11, <3.13 # not yet") == {"python": ">=3.11, <3.13"}
    assert data('python ">=3.11,<3.13"') == {"python": ">=3.11,<3.13"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("new 12.4", "12.4"),
        ('new "a b"', "a b"),
        ('new cuda = "12.4"', 'cuda = "12.4"'),
        ("new a, b c", ["a", "b c"]),
        ("new [a, b]", ["a", "b"]),
        ("new []", []),
        ("new packages { a, b >=1,<2 }", {"packages": ["a", "b >=1", "<2"]}),
        (
            'new { cpu { cuda = "none" }, gpu { cuda = 12 } }',
            {"cpu": {"cuda": "none"}, "gpu": {"cuda": "12"}},
        ),
        ("new { a [x, y], b c d, e f { g } }", {"a": ["x", "y"], "b": "c d", "e": "f { g }"}),
        ("new { a 1, a 2 }", ["a 1", "a 2"]),
        ("new {}", {}),
        ("new a, b { c }", ["a", "b { c }"]),
    ],
)
def test_an_unknown_statement_becomes_data_by_its_shape(text: str, value: object) -> None:
    assert data(text) == {"new": value}


def test_an_unknown_statement_in_a_known_block_is_kept() -> None:
    assert data("runtime { memory 2g }") == {"runtime": {"memory": "2g"}}


def test_places_are_those_of_the_text() -> None:
    text = (
        "# é\r\nplatforms a, 'b'\r\nconda {\r\n  numpy >=1, <2 # x\r\n}\r\n"
        "copy a to b\r\nrun \"c\" network\r\npip { wheel 'w', index 'u' secret S, p }"
    )

    document = read(text)

    assert {path: span.text for path, span in document.spans.items()} == {
        (): text,
        ("platforms",): "a, 'b'",
        ("platforms", 0): "a",
        ("platforms", 1): "'b'",
        ("conda",): "{\r\n  numpy >=1, <2 # x\r\n}",
        ("conda", 0): "numpy >=1, <2",
        ("steps",): 'copy a to b\r\nrun "c" network',
        ("steps", 0): "copy a to b",
        ("steps", 0, "copy"): "a to b",
        ("steps", 0, "copy", "from"): "a",
        ("steps", 0, "copy", "to"): "b",
        ("steps", 1): 'run "c" network',
        ("steps", 1, "run"): '"c" network',
        ("steps", 1, "run", "command"): '"c"',
        ("steps", 1, "run", "network"): "network",
        ("pip",): "{ wheel 'w', index 'u' secret S, p }",
        ("pip", "wheels"): "wheel 'w'",
        ("pip", "wheels", 0): "'w'",
        ("pip", "indexes"): "index 'u' secret S",
        ("pip", "indexes", 0): "index 'u' secret S",
        ("pip", "indexes", 0, "url"): "'u'",
        ("pip", "indexes", 0, "secret"): "S",
        ("pip", "packages"): "p",
        ("pip", "packages", 0): "p",
    }
    assert {path: span.text for path, span in document.key_spans.items()} == {
        ("platforms",): "platforms",
        ("conda",): "conda",
        ("steps",): "copy",
        ("steps", 0, "copy"): "copy",
        ("steps", 0, "copy", "to"): "to",
        ("steps", 1, "run"): "run",
        ("steps", 1, "run", "network"): "network",
        ("pip",): "pip",
    }


def test_an_empty_text_is_an_empty_document() -> None:
    texts = ["", "\n", "# nothing", "\ufeff", "\r\n \t\r\n"]

    assert [data(text) for text in texts] == [{}] * len(texts)
    assert [read(text, name="spec.yaml").data for text in texts[:-1]] == [{}] * (len(texts) - 1)


def test_what_follows_an_open_bracket_is_still_read() -> None:
    text = "conda {\n  git\nuser\ncommand [a\n  ]\n  workdir\nserve {\n"

    assert problems(text) == [("E102", "{"), ("E101", ""), ("E101", ""), ("E102", "{")]


def test_deep_nesting_ends_in_a_diagnostic() -> None:
    text = "a " * 10 + "{ a " * 50_000

    assert {code for code, _ in problems(text)} == {"E102", "E110"}


def test_very_many_mistakes_are_counted_and_not_all_shown() -> None:
    with pytest.raises(InputError) as caught:
        read("user\n" * 150)

    diagnostics = caught.value.diagnostics
    assert len(diagnostics) == 100
    assert diagnostics[-1].notes == ("50 more problems are not shown",)


def test_a_text_that_is_too_long_is_refused_in_both_forms() -> None:
    text = "# " + "x" * 10_000_000

    for name in ("spec.envc", "spec.yaml"):
        with pytest.raises(InputError) as caught:
            read(text, name=name)
        assert [item.code for item in caught.value.diagnostics] == ["E110"]
