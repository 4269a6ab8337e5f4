"""What ids are made of, piece by piece: texts, canonical JSON, several platforms, whatever is only used."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

from envc.canonical import canonical_json, digest, readable_json
from envc.plan.identity import index_id
from envc.plan.label import tag
from envc.spec.copying import mode_text
from envc.spec.debian import normal_debian
from envc.spec.defaults import (
    base_image,
    canonical_address,
    channel_addresses,
    exclude_newer,
    ports,
    volumes,
    wheels,
)
from envc.spec.load import load
from envc.spec.matchspec import normal_matchspec
from envc.spec.metadata import duration_ms
from envc.spec.model import EnvSpec
from envc.spec.normal import normal_form, spec_id
from envc.spec.requirement import normal_name, normal_requirement
from envc.syntax.strings import decode
from identity import checker
from identity.forms import FORMS
from identity.normal import normal_form as independent_form
from identity.written import WRITTEN
from support import right_specs
from support.documents import Everything, document

TESTS = Path(__file__).parents[1]
PARTS = TESTS / "vectors" / "identity" / "parts"
SPECS = TESTS.parent / "specs"


def check_golden(name: str, data: Any, *, update: bool) -> None:
    path, text = PARTS / name, readable_json(data)
    if update:
        path.write_text(text)

    assert path.read_text() == text


def spec(**fields: Any) -> EnvSpec:
    return EnvSpec.model_validate({"environment": "x", **fields})


def newest(text: str) -> str | None:
    return exclude_newer(spec(**{"exclude-newer": text}))


def links_of(links: list[dict[str, str]]) -> Any:
    return normal_form(spec(pip={"find-links": links}))["find_links"]


# By what a text is: what envc makes of it, and texts.
TEXTS: Mapping[str, tuple[Callable[[Any], Any], list[Any]]] = {
    "string": (
        lambda written: decode(written)[0],
        [
            r'"a\tb\u00e4\\ \"q\""',
            r"'C:\new'",
            '"""\na\n  b\n"""',
            '"""\r\na\r\nb"""',
            '"""\n\n    c\n    """',
            '"""a \\\n   b"""',
            "'''\nx\\ny\n'''",
        ],
    ),
    "path": (
        lambda text: wheels(spec(pip={"wheels": [text]}))[0],
        [f"{folder}a-1-py3-none-any.whl" for folder in ("dist/", "./dist//", "dist/../", "a b/ä/")],
    ),
    "volume": (
        lambda text: volumes(spec(volumes=[text]))[0],
        ["/data", "//data/./pets/", "/a/../b"],
    ),
    "address": (
        canonical_address,
        ["HTTPS://PyPI.org/simple/", "https://a.example:8080/X/y//", "https://a.example"],
    ),
    "page": (
        lambda text: links_of([{"url": text}])[0]["url"],
        ["https://A.example/x/", "https://a.example/Whl//", "https://a.example/x"],
    ),
    "channel": (
        lambda text: list(channel_addresses(text)),
        ["conda-forge", "defaults", "pkgs/main", "a/label/dev", "https://A.example/c/"],
    ),
    "image": (
        lambda text: str(base_image(spec(base={"image": text}))),
        [
            "debian",
            "python:3.12-slim",
            "team/pets",
            "localhost/pets",
            "registry.example/pets:1",
            "localhost:5000/a/b",
            "index.docker.io/debian:12",
            f"debian@sha256:{'0f' * 32}",
            f"debian:12@sha256:{'0f' * 32}",
        ],
    ),
    "distribution": (normal_name, ["Typing_Extensions", "a--b.__c", "six"]),
    "requirement": (
        normal_requirement,
        [
            "six",
            "Typing_Extensions  <5, >= 4.1, <5",
            "requests [use_chardet, Socks,socks] == 2.*",
            "a (>=1, <2)",
            "a===1.0+local",
            "tomli >=2; python_version<'3.11'",
            "a ; (os.name == 'nt') and (python_version<'3' or extra=='A_b')",
            "a ~= 1.4 ; 'linux' not   in sys_platform",
            "a; python_implementation == 'PyPy'",
            "a[b] @ https://a.example/x.whl#sha256=00 ; os_name!='nt'",
            "a @ git+https://a.example/x.git@main",
        ],
    ),
    "matchspec": (
        normal_matchspec,
        [
            "zlib",
            "NumPy=1.26",
            "numpy 1.26",
            "numpy==1.26",
            "numpy = 1.26",
            "numpy <2, >=1.26",
            "numpy >= 1.26 , <2,!=1.26.3",
            "numpy 1.26,1.27|2",
            "numpy >=1|<3",
            "numpy 1.26.*",
            "pytorch =2.4 cuda*",
            "pytorch 2.4.* cuda*",
            "a=1.2=py_0",
            "a  1!2.0  *_cp312",
            "a 2.0rc1",
            "conda-forge :: Pillow",
            "conda-forge/linux-64::a>1",
            "a[build='cuda*', version='>=2']",
            "A >=2[build=x]",
            " a\t>1 ",
            "a *",
            "a == 1.*",
            "a >=1 <2 x",
            "https://a.example/a-1-0.conda",
        ],
    ),
    "debian": (normal_debian, ["git", " libc6 = 2.36-9+deb12u4 "]),
    "port": (lambda text: ports(spec(ports=[text]))[0], ["80", "8080/tcp", "9000/udp"]),
    "ports": (
        lambda texts: list(ports(spec(ports=texts))),
        [["9000", "80/udp", "80"], ["443/udp", "443/sctp", "8"]],
    ),
    "mode": (mode_text, ["755", "0644"]),
    "duration": (duration_ms, ["30s", "1h2m3s4ms", "500ms", "1m30s"]),
    "moment": (
        newest,
        ["2026-01-31", "2024-02-28", "2026-02-01T01:00:00+01:00", "2026-01-31T12:00:00.5Z"],
    ),
    "find_links": (
        links_of,
        [
            [
                {"path": "./w/"},
                {"url": "https://b.example/x"},
                {"url": "https://b.example/x%20y", "secret": "T"},
                {"path": "a"},
                {"url": "https://a.example/"},
            ],
        ],
    ),
}


def test_the_published_forms_of_texts_are_envcs(update_golden: bool) -> None:
    vectors = {
        what: [{"written": text, "normal": form(text)} for text in texts]
        for what, (form, texts) in TEXTS.items()
    }

    check_golden("texts.json", vectors, update=update_golden)


@pytest.mark.parametrize("what", FORMS)
def test_the_document_is_enough_to_compute_the_form_of_a_text(what: str) -> None:
    rows = json.loads((PARTS / "texts.json").read_text())[what]

    assert [FORMS[what](row["written"]) for row in rows] == [row["normal"] for row in rows]


@given(right_specs.conda)
def test_the_document_says_what_the_form_of_any_matchspec_is(text: str) -> None:
    assert FORMS["matchspec"](text) == normal_matchspec(text)


@given(right_specs.pip)
def test_the_document_says_what_the_form_of_any_requirement_is(text: str) -> None:
    assert FORMS["requirement"](text) == normal_requirement(text)


def test_the_published_normal_forms_are_envcs(update_golden: bool) -> None:
    vectors = []
    for name, data in WRITTEN.items():
        own = load(document({"environment": "x", **data}), vouched=Everything())
        form = normal_form(own)
        vectors.append({"what": name, "written": data, "normal": form, "spec_id": spec_id(own)})

    check_golden("specs.json", vectors, update=update_golden)


def test_the_document_leads_from_what_is_written_to_a_normal_form() -> None:
    for row in json.loads((PARTS / "specs.json").read_text()):
        form = independent_form(row["written"])

        assert form == row["normal"], row["what"]
        assert checker.spec_id(form) == row["spec_id"]


DATA: list[Any] = [
    {},
    [],
    None,
    [True, False, 0, -1, 9007199254740993],
    {"b": {"z": 1, "a": []}, "a": "x", "B": "", "é": 1, "\U0001f600": 2, "\uffff": 3},
    '" \\ / \b\t\n\f\r \x00 \x1f \x7f ~',
    "é e\u0301 \u2028 \U0001f600 \ufeff",
]


def test_the_published_canonical_json_is_envcs(update_golden: bool) -> None:
    vectors = [
        {"data": data, "canonical": canonical_json(data).decode(), "digest": digest(data)}
        for data in DATA
    ]

    check_golden("canonical.json", vectors, update=update_golden)


def test_the_document_is_enough_to_compute_canonical_json() -> None:
    for row in json.loads((PARTS / "canonical.json").read_text()):
        assert checker.canonical(row["data"]) == row["canonical"]
        assert checker.digest(row["data"]) == row["digest"]


ONE, OTHER = f"sha256:{'1a' * 32}", f"sha256:{'2b' * 32}"


def test_the_published_ids_of_several_platforms_are_envcs(update_golden: bool) -> None:
    vectors: list[dict[str, Any]] = []
    for env_ids in (
        {"linux/amd64": ONE, "linux/arm64": OTHER},
        {"linux/amd64": OTHER, "linux/arm64": ONE},
        {"linux/amd64": ONE},
    ):
        found = index_id(env_ids)
        vectors.append({"platforms": env_ids, "id": found, "tag": tag(found)})

    check_golden("index.json", vectors, update=update_golden)


def test_the_document_is_enough_to_compute_the_ids_of_several_platforms() -> None:
    for row in json.loads((PARTS / "index.json").read_text()):
        assert checker.index_id(row["platforms"]) == row["id"]
        assert checker.tag(row["id"]) == row["tag"]


@given(data=right_specs.specs)
def test_the_document_says_what_the_normal_form_of_any_spec_is(data: dict[str, Any]) -> None:
    assert independent_form(data) == normal_form(load(document(data), vouched=Everything()))


@pytest.mark.parametrize("path", sorted(SPECS.glob("*/*.yaml")), ids=lambda path: path.stem)
def test_the_document_leads_from_an_example_to_its_spec_id(path: Path) -> None:
    data = yaml.load(path.read_text(), yaml.BaseLoader)  # scalars as they are written
    published = json.loads(path.with_name("ids.json").read_text())

    assert checker.spec_id(independent_form(data)) == published["spec_id"]
