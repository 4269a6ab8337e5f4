"""The JSON Schema: published as it is printed, true of every valid spec, and a net for most mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from envc.errors import InputError
from envc.spec import field as rule
from envc.spec import metadata, solve, written
from envc.spec.field import FieldError
from envc.spec.kind import KINDS
from envc.spec.load import load
from envc.spec.schema import schema
from support.documents import Everything, document
from support.editor import as_an_editor_reads, read_scalar

REPOSITORY = Path(__file__).parents[2]
PUBLISHED = REPOSITORY / "docs" / "spec.schema.json"
SPECS = sorted((REPOSITORY / "specs").glob("*/*.yaml"))
CASES = sorted((REPOSITORY / "tests" / "cases" / "errors").glob("*/spec.yaml"))
# What other tools define (MatchSpecs, requirements) is beyond a schema.
SHAPES = [
    case
    for case in CASES
    if (
        "E201" <= case.parent.name[:4] <= "E226"
        or "E240" <= case.parent.name[:4] <= "E251"
        or case.parent.name[:4] == "E256"
        or "E260" <= case.parent.name[:4] <= "E263"
        or "E265" <= case.parent.name[:4] <= "E270"
    )
    and "parameter" not in case.parent.name
]
WARNINGS = [case for case in CASES if case.parent.name.startswith("W")]

VALIDATOR = Draft202012Validator(schema())


def complaints(data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(data)]


def test_the_published_schema_is_what_is_printed(update_golden: bool) -> None:
    text = json.dumps(schema(), indent=2) + "\n"
    if update_golden:
        PUBLISHED.write_text(text, encoding="utf-8")

    assert PUBLISHED.read_text(encoding="utf-8") == text


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


def fields_of(block: dict[str, Any]) -> list[dict[str, Any]]:
    return list(block["properties"].values())


def test_every_field_is_described_and_its_own_examples_and_default_are_valid() -> None:
    whole = schema()
    blocks = [whole, *whole["$defs"].values()]
    fields = [field for block in blocks for field in fields_of(block)]

    for field in fields:
        validator = VALIDATOR.evolve(schema={**field, "$defs": whole["$defs"]})
        values = [*field["examples"], *([field["default"]] if "default" in field else [])]
        assert field["title"]
        assert field["description"].endswith(".")
        assert field.get("maxItems") == 0 or all(validator.is_valid(value) for value in values)


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.name)
def test_an_example_is_valid(spec: Path) -> None:
    assert complaints(as_an_editor_reads(spec.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("case", WARNINGS, ids=lambda case: case.parent.name)
def test_what_is_only_odd_is_valid(case: Path) -> None:
    assert complaints(as_an_editor_reads(case.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("case", SHAPES, ids=lambda case: case.parent.name)
def test_a_case_of_a_wrong_shape_key_or_value_is_invalid(case: Path) -> None:
    assert complaints(as_an_editor_reads(case.read_text(encoding="utf-8"))) != []


def test_there_are_such_cases() -> None:
    assert len(SPECS) >= 2
    assert len(SHAPES) >= 10
    assert WARNINGS


@pytest.mark.parametrize(
    "text",
    [
        "python: 3.12",
        "python: 3",
        "user: 1000",
        "variables: {A: 1, B: 1.5, C: true, D: x}",
        "command: [sleep, 60]",
        "runtime: {shm: 1024, gpus: 2}",
        "steps: [{run: {command: make, network: true}}, {run: true}]",
        'steps: [{run: {command: make, network: "true"}}]',
        "conda: [numpy]",
        "conda: {packages: [numpy]}",
        "pip: {packages: [six], wheels: [dist/pets-1.0-py3-none-any.whl]}",
        "system: []",
        "system: [git, libfuse-dev=3.10.5-1, {package: curl, on: linux/amd64}]",
        "system: {packages: [git], snapshot: 2026-01-31}",
        "base: {image: pets/base, registry: 'registry.example.com:5000'}",
        "base: {dockerfile: docker/Dockerfile, context: docker/, target: runtime}",
        "base: {dockerfile: 'FROM debian:12\n\nRUN true\n'}",
        "python: {managed: no}\ninterpreter: /usr/bin/python3",
        "python: {managed: false}",
        "cuda: 12.4",
        "cuda: none",
        "virtual-packages: {__glibc: 2.28, __archspec: x86_64_v3}",
        "exclude-newer: 2026-01-31",
        "exclude-newer: 2026-01-31T12:00:00.5+01:00",
        "channel-priority: disabled",
        "conda: [numpy, {package: mkl, on: linux/amd64}]",
        "conda: {packages: [{package: mkl}], constraints: [numpy <3]}",
        "pip: {find-links: [{path: wheels/}, {url: 'https://a.example/x', secret: S}]}",
        "pip: {wheels: [{wheel: a-1-py3-none-any.whl, on: linux/arm64}], sdists: [six]}",
        "pip: {sources: [., {source: libs/a}], constraints: [six <2], overrides: [six]}",
        "variables: {A: {linux/amd64: 1, linux/arm64: x}}",
        "build-variables: {A: 1}",
        "before-packages: [{run: make, on: linux/amd64}]",
        "steps: [{copy: {from: a, to: b, owner: 1000, mode: 0644, ignore: ['*.pyc', a/]}}]",
        "check: {run: [make, {command: make, prints: 1.0}]}",
        "runtime: {arguments: [--init, --memory=8g, '--env=A=']}",
        "runtime: {mounts: [{from: data, to: /a}, {from: ./b, to: /b, read-only: yes}]}",
        "serve: {entry: score.py, port: 8080, workers: 2}",
        "extends: team/base.envc",
        "include: [a.envc, ../b.yaml]",
        "params: {a: 1, b: x, c: {required: true}}",
        "matrix: {cpu: {}, gpu: {cuda: 12.4, x: none}}",
        "python: ${{ python }}",
        "platforms: ['${{ platform }}']",
        "steps: [{run: {command: make, network: '${{ network }}'}}]",
        "healthcheck: ${{ check }}",
        "channels: ['${{ channel }}', 'https://${{ host }}/a']",
        "train: {script: train.py, arguments: [--epochs, 3], source: src}",
        "labels: {a.b/c: 1, d: true, e: x, f: ''}",
        "ports: [8080, 9000/udp]",
        "volumes: [/data]",
        "healthcheck: none",
        "healthcheck: {run: true, interval: 1h30m, timeout: 500ms, start: 10s, retries: 3}",
        "healthcheck: {run: [sleep, 1]}",
        "stopsignal: SIGRTMIN+3",
        "layers: 20",
    ],
)
def test_what_people_write_without_quotes_is_valid(text: str) -> None:
    assert complaints(as_an_editor_reads(f"environment: pets\n{text}\n")) == []


@pytest.mark.parametrize(
    "text",
    [
        "python: 2.7",
        "python: [3.12]",
        "python: true",
        "user: 1.5",
        "user: -1",
        "variables: [A=1]",
        "variables: {1A: x}",
        "variables: {A: [x]}",
        "variables: {A: }",
        "command: python",
        "command: [[]]",
        "runtime: {shm: 0}",
        "runtime: {shm: 2gg}",
        "runtime: {gpus: none}",
        "steps: [{run: make, copy: {from: a, to: b}}]",
        "steps: [{}]",
        "steps: {run: make}",
        "steps: [{run: {command: make, network: 1}}]",
        "steps: [{copy: {source: a, to: b}}]",
        "steps: [{copy: {from: ../a, to: b}}]",
        "steps: [{copy: {from: a}}]",
        "conda: numpy",
        "conda: [[numpy]]",
        "conda: [numpy, numpy]",
        "conda: {package: [numpy]}",
        "pip: {wheels: [pets.zip]}",
        "pip: {indexes: [pypi.org]}",
        "pip: {indexes: [{url: pypi.org}]}",
        "system: git",
        "system: [git >=2]",
        "system: {snapshot: yesterday}",
        "base: {image: a, dockerfile: b}",
        "base: {image: a, context: b}",
        "base: {dockerfile: a, registry: b.example}",
        "base: {dockerfile: /a}",
        "base: {image: a, registry: b}",
        "python: {managed: yes}",
        "python: {}",
        "interpreter: python",
        "cuda: cu124",
        "virtual-packages: {glibc: 2.28}",
        "exclude-newer: 2026",
        "channel-priority: flexible",
        "conda: [{on: linux/amd64}]",
        "conda: [{package: numpy, on: linux}]",
        "pip: {find-links: [wheels]}",
        "pip: {find-links: [{}]}",
        "pip: {find-links: [{path: a, url: 'https://a.example'}]}",
        "pip: {find-links: [{path: a, secret: A}]}",
        "pip: {sdists: [six ==1]}",
        "pip: {sources: [../a]}",
        "variables: {A: {}}",
        "variables: {A: {linux: x}}",
        "steps: [{copy: {from: a, to: b, mode: rwx}}]",
        "steps: [{copy: {from: a, to: b, ignore: ['!a']}}]",
        "steps: [{run: make, on: here}]",
        "check: {run: [{prints: x}]}",
        "runtime: {arguments: [--gpus=all]}",
        "runtime: {mounts: [{from: a, to: b}]}",
        "serve: {entry: score.py, port: 0}",
        "extends: [a.envc]",
        "include: a.envc",
        "params: {a: {required: false}}",
        "params: {1a: x}",
        "params: [a]",
        "matrix: {CPU: {}}",
        "matrix: {cpu: x}",
        "variables: {'${{ a }}': x}",
        "serve: {entry: score.py, workers: 0}",
        "train: {script: train.sh}",
        "workdir: app",
        "channels: [nodefaults]",
        "platforms: [linux-64]",
        "base: debian",
        "base: {}",
        "serve: {entry: score.sh}",
        "check: {import: [a-b]}",
        "environment: Pets",
        "imports: []",
        "labels: {dev.envc.x: 1}",
        "labels: {a b: 1}",
        "labels: [a=b]",
        "ports: 8080",
        "ports: [0]",
        "ports: [70000]",
        "ports: [8080, 8080]",
        "volumes: [data]",
        "volumes: [/a:/b]",
        "healthcheck: off",
        "healthcheck: []",
        "healthcheck: {}",
        "healthcheck: {run: []}",
        "healthcheck: {run: true, interval: 30}",
        "healthcheck: {run: true, interval: 0s}",
        "healthcheck: {run: true, retries: 0}",
        "healthcheck: {run: true, test: x}",
        "stopsignal: INT",
        "stopsignal: 2",
        "layers: 0",
        "layers: 101",
        "layers: few",
    ],
)
def test_what_envc_refuses_the_schema_refuses(text: str) -> None:
    whole = text if text.startswith("environment") else f"environment: pets\n{text}\n"
    data = as_an_editor_reads(whole)

    assert complaints(data) != []


PROBES = (
    *("", " ", "a", "A", "true", "True", "1", "0", "-1", "1.5", "1e5", "3", "3.12", "3.012", "4"),
    *("2g", "2GB", "2gg", "all", "none", "pets", "pets.py", "a/b", "./a", "/a", "~/a", "../a"),
    *(
        "a/../..",
        "a\\b",
        "C:/a",
        "a\nb",
        "a\tb",
        "a\0b",
        "1000:1000",
        "root",
        "é",
        "a.b",
        "a-b",
        "a b",
    ),
    *(
        "conda-forge",
        "nodefaults",
        "https://a.example/x",
        "HTTP://A",
        "https://u:p@a.example",
        "ftp://a",
    ),
    *(
        "https://a.example/x?y",
        "dist/pets-1.0-py3-none-any.whl",
        "a.whl",
        "debian:12",
        "localhost:5000/a",
    ),
    *("8080", "8080/tcp", "65536", "0/udp", "/data", "/", "30s", "1m30s", "0s", "30", "1h1ms"),
    *("SIGINT", "SIGRTMIN+3", "SIGRTMAX-15", "INT", "a.b/c-d_e", "dev.envc.x", "dev.envcx", "a/"),
    *(
        "2026-01-31",
        "2026-01-31T00:00:00Z",
        "12.4",
        "12",
        "__glibc",
        "__osx",
        "libc6=2.36-9+deb12u9",
    ),
    *("git >=2", "git", "0644", "644", "9999", "*.pyc", "!a", "#a", "\\#a", "a\\", "tests/"),
    *(
        "--init",
        "--memory=8g",
        "--env=A=b c",
        "--gpus=all",
        "registry.example.com",
        "localhost:5000",
    ),
    *(
        "FROM a\nRUN b\n",
        "FROM a",
        "Dockerfile",
        "./data",
        "my data",
        "_volume",
        "/usr/bin/python3",
    ),
    *("strict", "flexible", "x86_64_v3", ">=5", "Typing_Extensions", "-a", "yes", "no", "dir/"),
    *("[::1]:5000/a", f"a@sha256:{'0' * 64}", "a@sha256:0", "PYPI_TOKEN", "x" * 128, "x" * 129),
)


@pytest.mark.parametrize(
    "check", [check for check, kind in KINDS.items() if kind.name], ids=lambda check: check.__name__
)
def test_the_facts_of_a_kind_hold_for_all_that_its_rule_lets_pass(
    check: Callable[[str], str],
) -> None:
    validator = Draft202012Validator(dict(KINDS[check].facts))

    refused = [
        (text, value)
        for text in PROBES
        if passes(check, text)
        for value in readings(text, is_key=check in KEYS)
        if value is not None and not validator.is_valid(value)
    ]

    assert refused == []


KEYS = {
    rule.variable_name,
    metadata.label_name,
    solve.virtual_package,
    written.parameter_name,
    written.variant_name,
}


def readings(text: str, *, is_key: bool) -> tuple[Any, ...]:
    """Return what an editor may take a text for; a key of JSON is never anything but text."""
    return (text,) if is_key else (text, read_scalar(text))


def passes(check: Callable[[str], str], text: str) -> bool:
    try:
        check(text)
    except FieldError:
        return False
    return True


def test_the_facts_of_every_kind_refuse_something() -> None:
    refusing = [
        kind.name
        for kind in KINDS.values()
        if kind.name and not all(map(Draft202012Validator(dict(kind.facts)).is_valid, PROBES))
    ]

    assert refusing == [kind.name for kind in KINDS.values() if kind.name]


words = st.sampled_from(
    ["a", "7zip", "b-c", "x.y", "1", "1.5", "true", "3.10", "numpy >=1.26,<3", "-", "é", "a b\tc"]
)
platforms = st.sampled_from(["linux/amd64", "linux/arm64"])
paths = st.sampled_from(["a", "src/", "./a/b.py", "models/1", "1", "a..b", ".hidden", "a b"])
names = st.sampled_from(["A", "_x", "PATH2", "true"])


def unique(items: st.SearchStrategy[Any], *, least: int = 0) -> st.SearchStrategy[Any]:
    return st.lists(items, min_size=least, max_size=3, unique_by=str)


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


packages = unique(st.sampled_from(["numpy", "7zip", "true", "scipy >=1.14,<2", "1"]))
requirements = unique(
    st.sampled_from(["rich", "1", "true", "tomli >=2 ; python_version < '3.11'", "a[b] ==1.*"])
)
indexes = st.fixed_dictionaries(
    {"url": st.sampled_from(["https://a.example/simple", "http://b.example:8080"])},
    optional={"secret": names},
)
runs = words | st.fixed_dictionaries(
    {"command": words}, optional={"network": st.sampled_from(["true", "false"])}
)
copies = st.fixed_dictionaries(
    {"from": paths, "to": paths},
    optional={
        "owner": st.sampled_from(["0", "1000:1000", "pets"]),
        "mode": st.sampled_from(["644", "0755"]),
        "ignore": unique(st.sampled_from(["*.pyc", "tests/", "\\#a", "1"])),
    },
)
steps = st.one_of(
    st.fixed_dictionaries({"run": runs}, optional={"on": platforms}),
    st.fixed_dictionaries({"copy": copies}, optional={"on": platforms}),
)


def entries(key: str, plain: list[str], named: list[str]) -> st.SearchStrategy[Any]:
    """Draw a list of texts, and of mappings with other texts, perhaps for one platform."""
    more = st.fixed_dictionaries({key: st.sampled_from(named)}, optional={"on": platforms})
    return st.tuples(
        unique(st.sampled_from(plain)), st.lists(more, max_size=2, unique_by=lambda one: one[key])
    ).map(lambda parts: [*parts[0], *parts[1]])


def variables(values: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    by_platform = st.dictionaries(platforms, values, min_size=1)
    return st.dictionaries(names, values | by_platform, max_size=3)


find_links = st.fixed_dictionaries({"path": paths}) | st.fixed_dictionaries(
    {"url": st.just("https://a.example/x")}, optional={"secret": names}
)
moments = st.sampled_from(["2026-01-31", "2026-01-31T12:00:00Z", "2026-01-31t12:00:00.5+01:00"])
mounts = st.fixed_dictionaries(
    {"from": st.sampled_from(["data", "./data", "a/b", "/data", "."]), "to": st.just("/a")},
    optional={"read-only": st.sampled_from(["true", "no"])},
)
bases = st.fixed_dictionaries(
    {"image": st.sampled_from(["debian", "1", "localhost:5000/a/b:c", "a.example/b"])}
)
built = st.fixed_dictionaries(
    {"dockerfile": st.sampled_from(["Dockerfile", "a/b", "FROM a\nRUN b\n"])},
    optional={"context": paths, "target": st.sampled_from(["a", "run-time"])},
)
elsewhere = st.fixed_dictionaries(
    {"image": st.just("pets/base"), "registry": st.sampled_from(["a.example", "localhost:5000"])}
)
specs = st.fixed_dictionaries(
    {
        "environment": st.sampled_from(["pets", "1", "1.5", "true", "a-b_c.d"]),
        "platforms": st.permutations(["linux/amd64", "linux/arm64"]),
    },
    optional={
        "base": bases | built | elsewhere,
        "cuda": st.sampled_from(["12.4", "11.0", "none"]),
        "virtual-packages": st.dictionaries(
            st.sampled_from(["__glibc", "__archspec"]), st.sampled_from(["2.28", "x86_64_v3", "1"])
        ),
        "exclude-newer": moments,
        "channel-priority": st.sampled_from(["strict", "disabled"]),
        "python": st.sampled_from(["3", "3.10", "3.12", "3.12.7"]),
        "channels": unique(
            st.sampled_from(["conda-forge", "1", "a/b", "HTTPS://a.example/c"]), least=1
        ),
        "conda": packages
        | optional(
            packages=entries("package", ["numpy", "1"], ["scipy", "7zip >=1"]),
            constraints=unique(st.sampled_from(["six <2", "true <1"])),
        ),
        "pip": requirements
        | optional(
            packages=entries("package", ["rich", "1"], ["tomli >=2", "true"]),
            sources=entries("source", ["libs/a", "."], ["1", "libs/b"]),
            sdists=unique(st.sampled_from(["six", "1", "a.b"])),
            constraints=unique(st.sampled_from(["six <2", "a ==1.*"])),
            overrides=unique(st.sampled_from(["six", "a ==1.*"])),
            **{"find-links": st.lists(find_links, max_size=1)},
            indexes=st.lists(indexes, max_size=2, unique_by=lambda index: index["url"]),
            wheels=unique(st.sampled_from(["a-1-py3-none-any.whl", "dist/b-2-py3-none-any.whl"])),
        ),
        "system": entries("package", ["git", "1a"], ["libc6=2.36-9+deb12u9", "curl"])
        | optional(packages=st.just(["git"]), snapshot=moments),
        "variables": variables(words),
        "build-variables": variables(words),
        "before-packages": st.lists(steps, max_size=2),
        "steps": st.lists(steps, max_size=3),
        "user": st.sampled_from(["0", "1000", "1000:1000", "root", "a:b", "true"]),
        "workdir": st.sampled_from(["/", "/app", "/a b"]),
        "entrypoint": st.lists(words, min_size=1, max_size=3),
        "command": st.lists(words, min_size=1, max_size=3),
        "labels": st.dictionaries(st.sampled_from(["a", "true", "1.5", "a.b/c"]), words),
        "ports": st.lists(st.sampled_from(["80", "8080/tcp", "9000/udp"]), unique=True),
        "volumes": st.lists(st.sampled_from(["/data", "/a b", "/a/../b"]), unique=True),
        "healthcheck": st.just("none")
        | st.fixed_dictionaries(
            {"run": words | st.lists(words, min_size=1, max_size=3)},
            optional={
                "interval": st.sampled_from(["30s", "1h2m3s4ms"]),
                "timeout": st.sampled_from(["500ms", "1m"]),
                "start": st.sampled_from(["10s", "000001h"]),
                "retries": st.sampled_from(["1", "100"]),
            },
        ),
        "stopsignal": st.sampled_from(["SIGINT", "SIGRTMIN", "SIGRTMAX-14"]),
        "layers": st.sampled_from(["1", "10", "99", "100"]),
        "check": optional(
            **{
                "import": unique(st.sampled_from(["a", "a.b", "_c", "é", "true"])),
                "run": st.lists(
                    words | st.fixed_dictionaries({"command": words}, optional={"prints": words}),
                    max_size=2,
                ),
            }
        ),
        "runtime": optional(
            shm=st.sampled_from(["1", "64M", "2g", "2GB"]),
            gpus=st.sampled_from(["all", "2"]),
            arguments=unique(st.sampled_from(["--init", "--memory=8g", "--env=A=b c"])),
            mounts=st.lists(mounts, max_size=1),
        ),
        "serve": st.fixed_dictionaries(
            {"entry": st.sampled_from(["score.py", "a/b.py"])},
            optional={
                "model": paths,
                "port": st.sampled_from(["80", "65535"]),
                "workers": st.sampled_from(["1", "16"]),
            },
        ),
        "train": st.fixed_dictionaries(
            {"script": st.just("train.py")},
            optional={"arguments": st.lists(words, max_size=2), "source": paths},
        ),
    },
)


def unquote(data: Any, flip: Callable[[], bool]) -> Any:
    """Return data as an editor reads it, where some of its scalars have no quotes."""
    match data:
        case dict():
            return {key: unquote(value, flip) for key, value in data.items()}
        case list():
            return [unquote(item, flip) for item in data]
    return read_scalar(data) if flip() else data


@given(data=specs, choices=st.data())
@settings(max_examples=400)
def test_every_valid_spec_is_valid(data: dict[str, Any], choices: st.DataObject) -> None:
    load(document(data), vouched=Everything())

    read = unquote(data, lambda: bool(choices.draw(st.booleans())))

    assert complaints(read) == []


@given(data=specs, choices=st.data())
@settings(max_examples=200)
def test_a_key_too_many_is_refused_by_both(data: dict[str, Any], choices: st.DataObject) -> None:
    blocks = [
        data,
        *(
            block
            for key, block in data.items()
            if key not in {"labels", "variables", "build-variables", "virtual-packages"}
            and isinstance(block, dict)
        ),
    ]
    choices.draw(st.sampled_from(blocks))["zzz"] = "1"

    with pytest.raises(InputError):
        load(document(data), vouched=Everything())

    assert complaints(data) != []
