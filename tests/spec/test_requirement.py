"""pip's requirements: what packaging takes is taken, and one meaning has one form."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from envc.spec.field import FieldError
from envc.spec.requirement import normal_name, normal_requirement, parse_requirement

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "vectors"


def _corpus() -> list[str]:
    """Return every requirement that packaging's and pep508_rs's own tests write; none without them."""
    if not (CORPUS / "pep508_rs.json").is_file():
        return []
    rust = json.loads((CORPUS / "pep508_rs.json").read_text())["cases"]
    python = json.loads((CORPUS / "packaging-pep440-pep508.json").read_text())["cases"]
    found = {text for case in rust for text in case["inputs"]}
    for file in python:
        if file["file"] != "tests/test_requirements.py":
            continue
        for group in file["groups"]:
            cases = group.get("cases", [])
            rows = cases if isinstance(cases, list) else []
            found.update(
                text
                for row in rows
                for text in (row if isinstance(row, list) else [row])
                if isinstance(text, str)
            )
    return sorted(text for text in found if not text.startswith("EXPR"))


def _is_valid(text: str) -> bool:
    try:
        name = Requirement(text).name
    except InvalidRequirement:
        return False
    # packaging takes a `_` at the end of a name, PEP 508 does not.
    return name[-1].isalnum()


def _form(requirement: Requirement) -> tuple[object, ...]:
    return (
        canonicalize_name(requirement.name),
        {canonicalize_name(extra) for extra in requirement.extras},
        {str(clause) for clause in requirement.specifier},
        requirement.url,
        str(requirement.marker),
    )


def test_the_corpus_is_there() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"the PEP 508 vectors are missing: put them at {CORPUS}")

    assert len(_corpus()) > 100


@pytest.mark.parametrize("text", _corpus())
def test_packaging_and_envc_take_the_same(text: str) -> None:
    parsed = parse_requirement(text)

    assert isinstance(parsed, FieldError) is not _is_valid(text)


@pytest.mark.parametrize("text", [text for text in _corpus() if _is_valid(text)])
def test_the_normal_form_means_what_the_text_means(text: str) -> None:
    normal = normal_requirement(text)

    assert _form(Requirement(normal)) == _form(Requirement(text))
    assert normal_requirement(normal) == normal


SPACE = st.sampled_from(["", "", " ", "\t"])
CLAUSE = st.tuples(
    st.sampled_from(["==", "!=", ">=", "<=", ">", "<", "~=", "===", "=", ""]),
    SPACE,
    st.sampled_from(["1", "1.2", "1.2.*", "01.2", "2a1", "1!2", "1.0+local", "x", ""]),
).map("".join)
TEXTS = st.tuples(
    SPACE,
    st.sampled_from(["six", "Typing_Extensions", "a..b", "7zip", "x-", "_x", "ruamel.yaml"]),
    SPACE,
    st.sampled_from(["", "", "[a]", "[B, a_c]", "[a,a]", "[]", "[a", "[a,]"]),
    SPACE,
    st.lists(CLAUSE, max_size=3).flatmap(
        lambda clauses: st.sampled_from([",", " , ", ", "]).map(lambda comma: comma.join(clauses))
    ),
    SPACE,
    st.sampled_from(["", "", "; python_version < '3'", ";os_name=='nt'", ";"]),
).map("".join)


@given(TEXTS)
@settings(max_examples=600)
def test_the_short_way_for_plain_requirements_agrees_with_packaging(text: str) -> None:
    parsed = parse_requirement(text)

    if not _is_valid(text):
        assert isinstance(parsed, FieldError)
        return
    assert not isinstance(parsed, FieldError)
    assert _form(Requirement(str(parsed))) == _form(Requirement(text))


@given(st.text(max_size=40))
def test_no_text_is_too_strange_for_a_normal_form(text: str) -> None:
    normal = normal_requirement(text)

    assert normal_requirement(normal) == normal


@given(st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", fullmatch=True))
def test_names_are_normalised_as_packaging_does(name: str) -> None:
    assert normal_name(name) == canonicalize_name(name)


@pytest.mark.parametrize(
    "texts",
    [
        (
            "typing-extensions<5,>=4.1",
            "Typing_Extensions  >= 4.1 , <5",
            "typing.extensions (>=4.1,<5)",
        ),
        ("six[a,b-c]", "SIX [ B_C, a ]", "six[b-c,a,a]"),
        ('six; python_version < "3"', "six ;python_version<'3'", "six; (python_version < '3')"),
        (
            'six>=1; os_name == "nt" and python_version < "3"',
            "six>=1;os_name=='nt'  and python_version<'3'",
        ),
    ],
)
def test_texts_of_one_meaning_have_one_form(texts: tuple[str, ...]) -> None:
    assert {normal_requirement(text) for text in texts} == {texts[0]}


@pytest.mark.parametrize(
    ("text", "code", "place", "message", "hint"),
    [
        (
            "numpy=1.2",
            "E231",
            "=",
            "`numpy=1.2` is not a requirement",
            "write `numpy ==1.2` or `numpy >=1.2`",
        ),
        (
            "numpy=1.2.*",
            "E231",
            "=",
            "`numpy=1.2.*` is not a requirement",
            "write `numpy ==1.2.*` or `numpy >=1.2`",
        ),
        (
            "numpy 1.2; os_name == 'nt'",
            "E231",
            "1",
            "`numpy 1.2; os_name == 'nt'` is not a requirement",
            "write `numpy ==1.2` or `numpy >=1.2`",
        ),
        (
            "numpy >=1.2 <2",
            "E231",
            ">=1.2 ",
            "`numpy >=1.2 <2` is not a requirement",
            "separate version clauses by a comma: `, <2`",
        ),
        (
            "numpy ~=1",
            "E231",
            "~",
            "`numpy ~=1` is not a requirement",
            "`~=` needs two numbers at least: write `~=1.0` or `==1.*`",
        ),
        (
            "numpy>=1.2.*",
            "E231",
            ">=1.2.",
            "`numpy>=1.2.*` is not a requirement",
            "`.*` goes with `==` and `!=` only: write `>=1.2` or `==1.2.*`",
        ),
        (
            "-r requirements.txt",
            "E231",
            "-",
            "`-r requirements.txt` is not a requirement",
            "options of pip have no place here: list the file's lines themselves",
        ),
        (
            "--extra-index-url https://a",
            "E231",
            "-",
            "`--extra-index-url https://a` is not a requirement",
            "options of pip have no place here: list the address as an index: "
            '`index "https://…"` (in YAML `indexes: [{url: …}]`)',
        ),
        (
            "--no-binary six",
            "E231",
            "-",
            "`--no-binary six` is not a requirement",
            'options of pip have no place here: name what may be built: `sdist "NAME"` '
            "(in YAML `sdists: [NAME]`)",
        ),
        (
            "--only-binary :all:",
            "E231",
            "-",
            "`--only-binary :all:` is not a requirement",
            "options of pip have no place here: remove it",
        ),
        (
            "-c pins.txt",
            "E231",
            "-",
            "`-c pins.txt` is not a requirement",
            "options of pip have no place here: list the file's lines as constraints: "
            '`constraint "numpy <2"` (in YAML under `constraints`)',
        ),
        (
            "-f https://a",
            "E231",
            "-",
            "`-f https://a` is not a requirement",
            "options of pip have no place here: list the page or the folder: "
            '`find-links "https://…"` (in YAML `find-links: [{url: …}]`)',
        ),
        (
            "--pre",
            "E231",
            "-",
            "`--pre` is not a requirement",
            "options of pip have no place here: ask for the pre-release itself, as in "
            "`pets >=2.0rc1`",
        ),
        (
            "-e .",
            "E231",
            "-",
            "`-e .` is not a requirement",
            "build a wheel and name its file, or copy the sources in a step",
        ),
        (
            "six==1.0 --hash=sha256:abc",
            "E231",
            "==1.0 ",
            "`six==1.0 --hash=sha256:abc` is not a requirement",
            "remove `--hash`: the lock has the hash of every wheel",
        ),
        (
            "./dist/pets.whl",
            "E231",
            ".",
            "`./dist/pets.whl` is not a requirement",
            "name a wheel's file as a wheel, not as a package",
        ),
        (
            "conda-forge::numpy",
            "E231",
            ":",
            "`conda-forge::numpy` is not a requirement",
            "channels are Conda's: move it to `conda`, or remove the channel",
        ),
        (
            "six; python_versio < '3'",
            "E231",
            "p",
            "`six; python_versio < '3'` is not a requirement",
            "did you mean `python_version`?",
        ),
        (
            "six >=1 # newest",
            "E231",
            ">=1 ",
            "`six >=1 # newest` is not a requirement",
            "remove the comment from the quoted text",
        ),
        (
            "git+https://github.com/a/b",
            "E232",
            "git+https://github.com/a/b",
            "an address alone does not say which distribution it leads to",
            "write its name before it: `NAME @ git+https://github.com/a/b`",
        ),
        (
            "https://a.example/six-1.16-py3-none-any.whl",
            "E232",
            "https://a.example/six-1.16-py3-none-any.whl",
            "an address alone does not say which distribution it leads to",
            "write its name before it: `six @ https://a.example/six-1.16-py3-none-any.whl`",
        ),
    ],
)
def test_a_wrong_requirement_is_told_what_and_where(
    text: str, code: str, place: str, message: str, hint: str
) -> None:
    problem = parse_requirement(text)

    assert isinstance(problem, FieldError)
    start, end = problem.part or (0, len(text))
    assert (problem.code, text[start:end], problem.message, problem.hint) == (
        code,
        place,
        message,
        hint,
    )


def test_packagings_own_words_are_used_where_no_habit_shows() -> None:
    problem = parse_requirement("six[a")

    assert isinstance(problem, FieldError)
    assert problem.message.startswith("`six[a` is not a requirement: expected matching `]` for `[`")


def test_a_name_cannot_end_in_an_underscore() -> None:
    problem = parse_requirement("six_")

    assert isinstance(problem, FieldError)
    assert problem.message == "`six_` is not a requirement: a name ends in a letter or a digit"


def test_plain_requirements_need_no_packaging() -> None:
    script = """
import sys
from envc.spec.requirement import normal_requirement
assert normal_requirement("Six [a] >=1, <2") == "six[a]<2,>=1"
assert "packaging" not in sys.modules
assert normal_requirement("six ~=1.0") == "six~=1.0"
assert "packaging" in sys.modules
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
