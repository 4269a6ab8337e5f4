"""Conda requirements: the normal form never joins two meanings, and rattler agrees."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rattler import MatchSpec
from rattler.exceptions import InvalidMatchSpecError

from envc.spec.field import FieldError
from envc.spec.matchspec import PLAIN, complain, normal_matchspec

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "vectors"


def _corpus() -> list[str]:
    """Return every MatchSpec that conda's and rattler's own tests write; none without the corpus."""
    if not (CORPUS / "rattler-matchspec-inputs.json").is_file():
        return []
    rattler = json.loads((CORPUS / "rattler-matchspec-inputs.json").read_text())["cases"]
    conda = (CORPUS / "conda-matchspec-version.json").read_text()
    found = {text for text in rattler if isinstance(text, str)}
    found.update(re.findall(r"(?:MatchSpec|\bm)\('([^']+)'\)", json.loads(json.dumps(conda))))
    for file in json.loads(conda)["cases"]:
        for group in file["groups"]:
            for case in group.get("cases", []):
                first = case[0] if isinstance(case, list) else case
                found.update({first} if isinstance(first, str) else ())
            found.update(text for text in group.get("must_raise", []) if isinstance(text, str))
    return sorted(found)


def _meaning(text: str) -> tuple[object, ...] | None:
    """Return what rattler reads in a text; None where it refuses it."""
    try:
        spec = MatchSpec(text)
    except InvalidMatchSpecError:
        return None
    version = str(spec.version or "")
    constraints = version if "|" in version or "(" in version else sorted(version.split(","))
    channel = spec.channel.name if spec.channel else None
    rest = str(spec).replace(version, "", 1)
    return (spec.name.normalized if spec.name else None, constraints, spec.build, channel, rest)


@pytest.mark.parametrize(
    "texts",
    [
        ("numpy >=1.26,<2", "numpy <2, >=1.26", "NumPy>=1.26 , <2", "numpy\t>= 1.26,<2"),
        ("numpy 1.26.*", "numpy=1.26", "numpy =1.26", "numpy = 1.26", " numpy=1.26 "),
        ("numpy ==1.26", "numpy 1.26", "numpy==1.26", "numpy == 1.26"),
        (
            "numpy ==1.26 py3*",
            "numpy=1.26=py3*",
            "numpy 1.26 py3*",
            "numpy =1.26 py3*",
            "NUMPY==1.26=py3*",
        ),
        ("conda-forge::numpy >=1", "conda-forge :: numpy>=1"),
        ("numpy[build=py3*]", "Numpy [build=py3*]"),
    ],
)
def test_texts_of_one_meaning_have_one_form(texts: tuple[str, ...]) -> None:
    assert {normal_matchspec(text) for text in texts} == {
        texts[0].replace("numpy >=1.26,<2", "numpy <2,>=1.26")
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("numpy 1.26", "numpy=1.26"),
        ("numpy 1.26", "numpy 1.26.0"),
        ("numpy >=1,<2", "numpy >=1|<2"),
        ("numpy >=1|<2,>=3", "numpy <2,>=3|>=1"),
        ("numpy 1.2 py3*", "numpy 1.2.* py3*"),
        ("ruamel.yaml", "ruamel-yaml"),
        ("a_b", "a-b"),
        ("a::numpy", "b::numpy"),
        ("numpy[build=PY]", "numpy[build=py]"),
        ("bla*", "bla *"),
        ("numpy > =1", "numpy >=1"),
    ],
)
def test_texts_of_different_meanings_keep_different_forms(one: str, other: str) -> None:
    assert normal_matchspec(one) != normal_matchspec(other)


def test_the_corpus_is_there() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"the MatchSpec vectors are missing: put them at {CORPUS}")

    assert len(_corpus()) > 200


@pytest.mark.parametrize("text", _corpus())
def test_the_normal_form_means_what_the_text_means(text: str) -> None:
    normal = normal_matchspec(text)

    assert _meaning(normal) == _meaning(text)
    assert normal_matchspec(normal) == normal


NUMBERS = st.sampled_from(
    ["1", "1.2", "1.2.*", "1.2*", "*", "1!2.0", "2a1", "1.2_", "1.2-3", "=", "!"]
)
OPERATORS = st.sampled_from(["", "=", "==", ">=", "<=", ">", "<", "!=", "~=", "===", "> ", "= "])
SPACE = st.sampled_from(["", "", " ", "\t", "  "])
CONSTRAINT = st.tuples(OPERATORS, SPACE, NUMBERS).map("".join)
VERSION = st.tuples(
    CONSTRAINT,
    st.lists(
        st.tuples(SPACE, st.sampled_from(",|"), SPACE, CONSTRAINT).map("".join), max_size=2
    ).map("".join),
).map("".join)
TEXTS = st.tuples(
    SPACE,
    st.sampled_from(["", "", "conda-forge::", "a ::", "a/linux-64::", "*/noarch::"]),
    st.sampled_from(["numpy", "NumPy", "a_b", "a.b-c", "_x", "7zip"]),
    SPACE,
    VERSION | st.just(""),
    st.sampled_from(["", "", " py3*", "=py3*", " =py", "= py", "=0", " *", " a b", " <2"]),
    st.sampled_from(["", "", "[build=x]", " [version='>=1']", "[", "]"]),
    SPACE,
).map("".join)


@given(TEXTS)
@example("numpy > = 1.2")
@example("numpy =1.2 = py*")
@settings(max_examples=600)
def test_normalising_never_changes_what_rattler_reads(text: str) -> None:
    normal = normal_matchspec(text)

    assert _meaning(normal) == _meaning(text)
    assert normal_matchspec(normal) == normal


@given(st.text(max_size=40))
def test_no_text_is_too_strange_for_a_normal_form(text: str) -> None:
    normal = normal_matchspec(text)

    assert normal_matchspec(normal) == normal


def _problem(text: str) -> tuple[str, str, str, str]:
    problem = complain(text)
    assert isinstance(problem, FieldError)
    start, end = problem.part or (0, len(text))
    return problem.code, text[start:end], problem.message, problem.hint


@pytest.mark.parametrize(
    ("text", "code", "place", "message", "hint"),
    [
        (
            "numpy >=1.2 <2",
            "E230",
            "<2",
            "`numpy >=1.2 <2` is not a MatchSpec: a build string cannot start with `<`",
            "separate constraints by a comma: `numpy >=1.2,<2`",
        ),
        (
            "numpy >= 1.2 <2 ",
            "E230",
            "<2",
            "`numpy >= 1.2 <2` is not a MatchSpec: a build string cannot start with `<`",
            "separate constraints by a comma: `numpy >=1.2,<2`",
        ),
        (
            "numpy 1.2 py3* mkl",
            "E230",
            "mkl",
            "`numpy 1.2 py3* mkl` is not a MatchSpec: it has more than a name, a version and a build",
            "write one package an entry, and no blanks inside of a build string",
        ),
        (
            "tomli ; python_version < '3.11'",
            "E230",
            "; python_version < '3.11'",
            "`tomli ; python_version < '3.11'` is not a MatchSpec: Conda packages have no markers",
            "remove all from `;` on",
        ),
        (
            "numpy # fast",
            "E230",
            "# fast",
            "`numpy # fast` is not a MatchSpec: a comment cannot stand inside a quoted text",
            "remove all from `#` on",
        ),
        (
            "numpy >=",
            "E230",
            ">=",
            "`numpy >=` is not a MatchSpec: there is no version after `>=`",
            "write one, such as `>=1.26`",
        ),
        (
            "fastapi[all] >=1",
            "E230",
            "[all]",
            "`fastapi[all] >=1` is not a MatchSpec: Conda packages have no extras",
            "remove `[all]`, or ask pip for it",
        ),
        (
            "numpy===1.2",
            "E230",
            "===1.2",
            "`numpy===1.2` is not a MatchSpec: `===1.2` is no version constraint",
            "write `==` for one version",
        ),
        (
            "naïve",
            "E230",
            "naïve",
            "`naïve` is not a MatchSpec: a name has letters without accents, digits, `-`, `_` and `.` only",
            "write a name, a version and a build, such as `numpy >=1.26,<2`",
        ),
        (
            "https://a/b-1-0.conda",
            "E236",
            "https://a/b-1-0.conda",
            "a Conda package cannot be named by its file yet",
            "name the package, its version and its build, and list its channel",
        ),
        (
            "foo[version='>=1', when='python >3']",
            "E236",
            "when",
            "`when` is not supported yet in a MatchSpec",
            "choose the package by its version, build, channel or subdir",
        ),
    ],
)
def test_a_wrong_matchspec_is_told_what_and_where(
    text: str, code: str, place: str, message: str, hint: str
) -> None:
    assert _problem(text) == (code, place, message, hint)


@pytest.mark.parametrize(
    "text",
    [
        "numpy",
        "numpy >=1.26,<2",
        "numpy >= 1.26, <2",
        "conda-forge::pytorch 2.4.* cuda*",
        "pytorch=2.4=cuda12_*",
        "blas[build='*mkl', version='>=2']",
        "x264 >=1!164.3095,<1!165",
        "python 3.8.* *_cpython",
        "foo[license='a;b#c']",
    ],
)
def test_what_rattler_takes_is_taken(text: str) -> None:
    assert complain(text) is None


@given(st.from_regex(PLAIN, fullmatch=True))
@example("ruamel.yaml ==0.18")
@example("a =1")
@example("python 3.12.*")
@settings(max_examples=600)
def test_what_is_plain_rattler_takes_too(text: str) -> None:
    assert _meaning(text) is not None
    assert complain(text) is None


def test_plain_texts_need_no_rattler() -> None:
    script = (
        "import sys; from envc.spec.matchspec import complain; "
        "print(complain('numpy >=1.26,<2'), 'rattler' in sys.modules, "
        "complain('numpy 2.* py3*'), 'rattler' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "None False None True\n"


@pytest.mark.parametrize("text", _corpus())
def test_a_refusal_never_crashes_and_covers_all_that_rattler_refuses(text: str) -> None:
    problem = complain(text)

    assert problem is not None or _meaning(text) is not None
