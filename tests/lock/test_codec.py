"""The lock's file: what is written can be read, diffed and trusted, and what is damaged is refused."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.lock.codec import dumps, loads
from envc.lock.model import BaseImage, Intent, Lock, LockFile, PlatformLock, Python, Tools
from envc.lock.package import CondaPackage, PipPackage

DIGEST = "sha256:" + "a" * 64


def wheel(name: str, version: str = "1.0") -> PipPackage:
    return PipPackage(
        name=name,
        version=version,
        url=f"https://files.example/{name}-{version}-py3-none-any.whl",
        sha256="b" * 64,
        size=7,
        index="https://pypi.org/simple",
    )


def conda(name: str) -> CondaPackage:
    return CondaPackage(
        name=name,
        version="1.0",
        build="0",
        subdir="noarch",
        channel="https://conda.example/main",
        url=f"https://conda.example/main/noarch/{name}-1.0-0.conda",
        sha256="c" * 64,
        depends=("python >=3.12",),
    )


LOCAL = PipPackage(
    name="pets", version="1.0", path="dist/pets-1.0-py3-none-any.whl", sha256="d" * 64
)
PLATFORM = PlatformLock(
    base=BaseImage(image="docker.io/library/debian:bookworm-slim", digest=DIGEST, glibc="2.36"),
    python=Python(version="3.12.7", origin="conda"),
    tools=Tools(
        image="docker.io/library/python:3.12",
        digest=DIGEST,
        python="3.12.7",
        packages={"amd64": (wheel("uv"),)},
    ),
    conda=(conda("numpy"), conda("python")),
    pip=(LOCAL, wheel("six")),
)
LOCK = Lock(
    intent=Intent(base="docker.io/library/debian:bookworm-slim", conda=("numpy",), pip=("six",)),
    platforms={"linux/amd64": PLATFORM},
)


def refused(text: str) -> list[Diagnostic]:
    with pytest.raises(InputError) as caught:
        loads(text, "pets.lock")
    return list(caught.value.diagnostics)


def problems_of(text: str) -> tuple[Diagnostic, ...]:
    try:
        loads(text, "pets.lock")
    except InputError as error:
        return error.diagnostics
    return ()


def place(diagnostic: Diagnostic) -> tuple[int, str]:
    span = diagnostic.labels[0].span
    return span.position.line, span.text


def edited(change: str, into: str) -> str:
    text = dumps(LOCK)
    assert change in text
    return text.replace(change, into, 1)


def test_a_lock_is_canonical_json_with_an_artefact_a_line() -> None:
    lock = LOCK.model_copy(
        update={"platforms": {"linux/amd64": PLATFORM.model_copy(update={"conda": ()})}}
    )

    text = dumps(lock)

    assert text == (
        "{\n"
        '  "intent": {\n'
        '    "base": "docker.io/library/debian:bookworm-slim",\n'
        '    "conda": [\n'
        '      "numpy"\n'
        "    ],\n"
        '    "pip": [\n'
        '      "six"\n'
        "    ]\n"
        "  },\n"
        '  "platforms": {\n'
        '    "linux/amd64": {\n'
        '      "base": {\n'
        f'        "digest": "{DIGEST}",\n'
        '        "glibc": "2.36",\n'
        '        "image": "docker.io/library/debian:bookworm-slim"\n'
        "      },\n"
        '      "pip": [\n'
        '        {"name": "pets", "version": "1.0", "path": "dist/pets-1.0-py3-none-any.whl", '
        f'"sha256": "{"d" * 64}"}},\n'
        '        {"name": "six", "version": "1.0", '
        f'"url": "https://files.example/six-1.0-py3-none-any.whl", "sha256": "{"b" * 64}", '
        '"size": 7, "index": "https://pypi.org/simple"}\n'
        "      ],\n"
        '      "python": {\n'
        '        "origin": "conda",\n'
        '        "version": "3.12.7"\n'
        "      },\n"
        '      "tools": {\n'
        f'        "digest": "{DIGEST}",\n'
        '        "image": "docker.io/library/python:3.12",\n'
        '        "packages": {\n'
        '          "amd64": [\n'
        '            {"name": "uv", "version": "1.0", '
        f'"url": "https://files.example/uv-1.0-py3-none-any.whl", "sha256": "{"b" * 64}", '
        '"size": 7, "index": "https://pypi.org/simple"}\n'
        "          ]\n"
        "        },\n"
        '        "python": "3.12.7"\n'
        "      }\n"
        "    }\n"
        "  },\n"
        '  "version": 2\n'
        "}\n"
    )


def test_what_is_written_is_read_back_whole() -> None:
    assert loads(dumps(LOCK), "pets.lock") == LockFile.of(LOCK)


def test_a_lock_with_other_white_space_reads_the_same() -> None:
    assert loads(json.dumps(json.loads(dumps(LOCK))), "pets.lock") == LockFile.of(LOCK)


@given(name=st.text(min_size=1, max_size=20))
def test_every_text_survives_in_an_ascii_file(name: str) -> None:
    lock = LOCK.model_copy(update={"intent": Intent(base=name)})

    text = dumps(lock)

    assert text.isascii()
    assert loads(text, "pets.lock") == LockFile.of(lock)


@pytest.mark.parametrize("text", ["", "{", dumps(LOCK)[:500], dumps(LOCK)[:-4]])
def test_a_truncated_lock_is_refused(text: str) -> None:
    [problem] = refused(text)

    assert (problem.code, problem.message) == ("E401", "the lock ends too early")


@pytest.mark.parametrize("text", ["[]", "3", "nonsense", '{"a": NaN}', "[" * 100_000, "1" * 5000])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    [problem] = refused(text)

    assert problem.code == "E401"


def test_a_repeated_key_is_refused_where_it_comes_again() -> None:
    [problem] = refused(edited('"glibc": "2.36",', '"glibc": "2.36",\n        "glibc": "2.17",'))

    assert (problem.code, problem.message, place(problem)) == (
        "E402",
        "the lock has the key `glibc` twice in one place",
        (16, '"glibc"'),
    )


def test_a_wrong_value_is_refused_at_its_line() -> None:
    [problem] = refused(edited(f'"sha256": "{"b" * 64}"', '"sha256": "beef"'))

    assert problem.code == "E403"
    assert problem.message.startswith(
        'the lock\'s `platforms["linux/amd64"].pip[1].sha256` is wrong'
    )
    assert place(problem)[1] == '"beef"'
    assert problem.hint


def test_a_missing_field_is_refused_at_its_object() -> None:
    [problem] = refused(edited('"origin": "conda",\n        ', ""))

    assert problem.message == 'the lock lacks `platforms["linux/amd64"].python.origin`'
    assert place(problem)[1].startswith('{\n        "version": "3.12.7"')


def test_an_unknown_field_is_refused_at_its_value() -> None:
    [problem] = refused(edited('"origin": "conda"', '"origin": "conda", "colour": "red"'))

    assert (
        problem.message == 'the lock has an unknown field `platforms["linux/amd64"].python.colour`'
    )
    assert place(problem)[1] == '"red"'


def test_a_lock_of_a_newer_schema_asks_for_an_upgrade() -> None:
    [problem] = refused(edited('"version": 2\n', '"version": 3, "news": {}\n'))

    assert (problem.code, problem.message, place(problem)[1]) == (
        "E404",
        "the lock has version 3; this envc reads version 2",
        "3",
    )


@pytest.mark.parametrize("has_matrix", [False, True])
def test_a_lock_of_the_former_schema_has_tools_for_its_own_platforms(*, has_matrix: bool) -> None:
    one = LOCK.model_dump(mode="json", exclude_none=True)
    tools = one["platforms"]["linux/amd64"]["tools"]
    tools["packages"] = tools["packages"]["amd64"]
    del tools["python"]
    former = {"version": 1, **({"variants": {"cpu": one}} if has_matrix else one)}

    read = loads(json.dumps(former), "pets.lock")

    unknown = PLATFORM.tools.model_copy(update={"python": None})
    own = LOCK.model_copy(
        update={"platforms": {"linux/amd64": PLATFORM.model_copy(update={"tools": unknown})}}
    )
    assert read == (LockFile(variants={"cpu": own}) if has_matrix else LockFile.of(own))


def test_a_merge_conflict_is_named_as_such() -> None:
    text = edited('\n  "version"', '\n<<<<<<< HEAD\n=======\n>>>>>>> theirs\n  "version"')

    [problem] = refused(text)

    assert (problem.code, [label.span.text for label in problem.labels]) == (
        "E405",
        ["<<<<<<< HEAD", "=======", ">>>>>>> theirs"],
    )


@pytest.mark.parametrize(
    ("change", "into", "claim"),
    [
        ('"path": "dist/pets', '"url": "https://x.example/a", "path": "dist/pets', "never both"),
        ('"url": "https://files', '"url": "https://me:secret@files', "holds no credentials"),
        ('"url": "https://conda', '"url": "file://conda', "only `http` and `https`"),
        ("numpy-1.0-0.conda", "num%20py-1.0-0.conda", "address of a file"),
        ("numpy-1.0-0.conda", "%2E%2e", "address of a file"),
        ('"url": "https://conda', '"url": "https://[conda', "address of a file"),
        ('"url": "https://conda', '"url": "https://conda/\\"', "it is not an address"),
        ('"linux/amd64"', '"windows/amd64"', "envc knows `linux/amd64`, `linux/arm64`"),
        ('"docker.io/library/python:3.12"', '"docker.io/library/Python"', "lower case"),
        ('"docker.io/library/python:3.12"', f'"docker.io/x@{DIGEST}"', "a field of its own"),
    ],
)
def test_a_contradiction_is_refused(change: str, into: str, claim: str) -> None:
    [problem] = refused(edited(change, into))

    assert problem.code == "E403"
    assert claim in problem.message


@given(seed=st.integers(min_value=0, max_value=2**32))
def test_no_damage_ends_in_anything_but_a_diagnostic(seed: int) -> None:
    chance = random.Random(seed)
    characters = list(dumps(LOCK))
    for _ in range(chance.randint(1, 3)):
        characters[chance.randrange(len(characters))] = chance.choice('{}[]",:0a\\\n\ud800')

    problems = problems_of("".join(characters))

    assert {problem.code[:3] for problem in problems} <= {"E40"}


CPU = LOCK.model_copy(
    update={"platforms": {"linux/amd64": PLATFORM.model_copy(update={"pip": ()})}}
)
MATRIX = LockFile(variants={"gpu": LOCK, "cpu": CPU})


def test_the_lock_of_a_matrix_has_a_section_a_variant_by_name() -> None:
    text = dumps(MATRIX)

    assert text.startswith(
        "{\n"
        '  "variants": {\n'
        '    "cpu": {\n'
        '      "intent": {\n'
        '        "base": "docker.io/library/debian:bookworm-slim",\n'
    )
    assert '\n    "gpu": {\n      "intent": {\n' in text
    assert text.endswith('  },\n  "version": 2\n}\n')


def test_each_section_of_a_matrix_has_the_lines_of_a_lock_of_its_own() -> None:
    own = [line.strip().removesuffix(",") for line in dumps(LOCK).splitlines()[1:-2]]

    lines = [line.strip().removesuffix(",") for line in dumps(MATRIX).splitlines()]

    first = lines.index('"gpu": {') + 1
    assert lines[first : first + len(own)] == own


def test_the_lock_of_a_matrix_is_read_back_whole() -> None:
    assert loads(dumps(MATRIX), "pets.lock") == MATRIX


def test_a_lock_vouches_for_what_any_of_its_variants_was_made_from() -> None:
    other = LOCK.model_copy(update={"intent": Intent(base="x", conda=("scipy",))})

    assert LockFile(variants={"cpu": LOCK, "gpu": other}).vouched == ("numpy", "scipy")


@pytest.mark.parametrize(
    ("change", "into", "message"),
    [
        (
            '"gpu": {',
            '"../gpu": {',
            'the lock\'s `variants["../gpu"]` is wrong: string should match pattern',
        ),
        ('"gpu": {', '"": {', 'the lock\'s `variants[""]` is wrong: string should match pattern'),
        ('"variants": {', '"intent": {}, "variants": {', "the lock has an unknown field `intent`"),
        (
            '"gpu": {',
            '"gpu": {"version": 1,',
            "the lock has an unknown field `variants.gpu.version`",
        ),
        (
            f'"sha256": "{"d" * 64}"',
            '"sha256": "beef"',
            'the lock\'s `variants.gpu.platforms["linux/amd64"].pip[0].sha256` is wrong',
        ),
        (
            f'"sha256": "{"d" * 64}"',
            f'"url": "https://x.example/a", "sha256": "{"d" * 64}"',
            'the lock\'s `variants.gpu.platforms["linux/amd64"].pip[0]` is wrong: a wheel has',
        ),
    ],
)
def test_a_wrong_section_of_a_matrix_is_refused(change: str, into: str, message: str) -> None:
    text = dumps(MATRIX)
    assert change in text

    [problem] = refused(text.replace(change, into, 1))

    assert problem.code == "E403"
    assert problem.message.startswith(message)


def test_a_lock_of_a_matrix_without_variants_is_refused() -> None:
    [problem] = refused('{"variants": {}, "version": 1}')

    assert (problem.code, place(problem)) == ("E403", (1, "{}"))
