"""One spec in two forms, and in one form written in two ways, has one spec id."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.source import Source
from envc.spec.load import load
from envc.spec.normal import normal_form, spec_id
from envc.syntax import parse
from support.printing import Dsl, print_yaml

PETS = Path(__file__).parents[2] / "specs" / "pets"


def text_of(name: str) -> str:
    return (PETS / name).read_text(encoding="utf-8")


def id_of(name: str, text: str) -> str:
    return spec_id(load(parse(Source(name=name, text=text))))


def test_the_dsl_and_yaml_mean_the_same() -> None:
    dsl, yaml = (
        normal_form(load(parse(Source(name=name, text=text_of(name)))))
        for name in ("pets.envc", "pets.yaml")
    )

    assert dsl == yaml


@pytest.mark.parametrize("name", ["pets.envc", "pets.yaml"])
def test_comments_and_line_ends_mean_nothing(name: str) -> None:
    text = text_of(name)
    commented = "# A comment at the head.\n\n" + text.replace("\n", "   # and after lines\n", 1)

    assert {id_of(name, commented), id_of(name, text.replace("\n", "\r\n"))} == {id_of(name, text)}


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("a.envc", "environment pets\npython 3.12\n", 'environment "pets"\npython "3.12"\n'),
        (
            "a.yaml",
            "environment: pets\npython: 3.10\n",
            '{environment: \'pets\', "python": "3.10"}',
        ),
    ],
)
def test_quotes_mean_nothing(name: str, one: str, other: str) -> None:
    assert id_of(name, one) == id_of(name, other)


texts = st.one_of(
    st.sampled_from(
        [
            "4",
            "no",
            "~x",
            "a b",
            " ",
            "'",
            '"',
            "\\n",
            "$HOME",
            "${X} $$",
            "#",
            "# x",
            "a: b",
            "- a",
            "é東😀",
            "{}",
            "[a",
            "\t",
        ]
    ),
    st.sampled_from(
        [
            "“quoted”",
            "it\u2019s",
            "\xa0",
            "true",
            "null",
            "=",
            ",",
            "*",
            "&a",
            "!b",
            "%",
            ": ",
            "a:",
            "?",
            "> x",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=8),
).filter(lambda text: "${{" not in text)
words = texts.filter(lambda text: bool(text.strip()))
scripts = words | st.just('set -e\n# it\'s "fine"\n\tmake  \n')
names = st.from_regex(r"[a-z][a-z0-9]{0,4}", fullmatch=True)
modules = st.from_regex(r"[a-z_][a-z0-9_]{0,4}", fullmatch=True) | st.just("é.東")
paths = st.sampled_from(["src/", "./a b/c.py", "ä/'x'", ".hidden", "a#b", "1", "no", "{x}", "a,b"])
versions = st.sampled_from(["", " >=1.26,<3", " >= 1.26 , < 3", " ==2.*", " !=1.5", ">=0"])
conda = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "conda-forge::"]),
    names.map(lambda name: f"c{name}"),
    versions
    | st.sampled_from(
        ["=1.2", "=1.2=py_0", " 1.26,1.27|2", " 2.4.* cuda*", "[build='x*', version='>=2']"]
    ),
)
pip = st.builds(
    "{}{}{}".format,
    names.map(lambda name: f"p{name}"),
    versions | st.sampled_from(["[b,a] ~=2.1", " (>=1, <2)", "==1.0+local", "===1.0"]),
    st.sampled_from(
        ["", ' ; python_version < "3.11"', "; sys_platform=='linux' and os_name!='nt'"]
    ),
)


def first_word(entry: str) -> str:
    """Return what two packages must not have in common: the name."""
    return re.split("[^a-z0-9]", entry.removeprefix("conda-forge::"), maxsplit=1)[0]


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def some(items: st.SearchStrategy[Any], *, key: Any = str) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, min_size=1, max_size=3, unique_by=key)


indexes = st.fixed_dictionaries(
    {"url": st.sampled_from(["https://a.example/simple", "HTTP://B.example:8080/x,y/~z/"])},
    optional={"secret": st.sampled_from(["TOKEN", "_a1", "secret"])},
)
wheels = some(st.sampled_from(["a-1-py3-none-any.whl", "./dist x/b-2-py3-none-any.whl"]))
sources = optional(
    indexes=st.lists(indexes, min_size=1, max_size=2, unique_by=lambda index: index["url"]),
    wheels=wheels,
).filter(bool)
pips = st.one_of(
    some(pip, key=first_word),
    st.builds(
        lambda source, rest: {**source, **rest},
        sources,
        optional(packages=some(pip, key=first_word)),
    ),
)
steps = st.one_of(
    st.fixed_dictionaries(
        {
            "copy": st.fixed_dictionaries(
                {"from": paths, "to": st.sampled_from(["/app", "a b/", "."])}
            )
        }
    ),
    st.fixed_dictionaries({"run": scripts}),
    st.fixed_dictionaries(
        {"run": st.fixed_dictionaries({"command": scripts, "network": st.just("true")})}
    ),
)
specs = st.builds(
    lambda required, rest: {**required, **rest},
    st.fixed_dictionaries({"environment": st.sampled_from(["pets", "1.5", "no", "a-b_c"])}),
    optional(
        base=st.fixed_dictionaries(
            {
                "image": st.sampled_from(
                    ["debian", "localhost:5000/a/b:1.0", "a@sha256:" + "0f" * 32]
                )
            }
        ),
        platforms=some(st.sampled_from(["linux/amd64", "linux/arm64"])),
        python=st.sampled_from(["3", "3.10", "3.12.7"]),
        channels=st.just(["https://a.example/c", "conda-forge"]),
        conda=some(conda, key=first_word),
        pip=pips,
        variables=st.dictionaries(st.sampled_from(["A", "_x", "no", "Y2"]), texts, max_size=3),
        steps=st.lists(steps, min_size=1, max_size=3),
        user=st.sampled_from(["0", "1000:1000", "no", "a:b"]),
        workdir=st.sampled_from(["/", "/a b", "/é"]),
        entrypoint=st.lists(words, min_size=1, max_size=3),
        command=st.lists(words, min_size=1, max_size=3),
        check=optional(
            **{"import": some(modules), "run": st.lists(scripts, min_size=1, max_size=2)}
        ),
        runtime=optional(
            shm=st.sampled_from(["2g", "1024", "5MB"]), gpus=st.sampled_from(["all", "2"])
        ),
        serve=st.fixed_dictionaries({"entry": st.just("src/score.py")}, optional={"model": paths}),
    ),
)


@given(data=specs, choices=st.data())
def test_any_spec_has_one_id_in_both_forms_however_it_is_written(
    data: dict[str, Any], choices: st.DataObject
) -> None:
    dsl, again = (Dsl(choices.draw).spec(data) for _ in range(2))
    yaml = print_yaml(data, choices.draw).strip()

    ids = {id_of("a.envc", dsl), id_of("b.envc", again), id_of("a.yaml", yaml)}

    assert len(ids) == 1


@given(data=specs, choices=st.data())
def test_the_order_of_what_has_no_order_means_nothing(
    data: dict[str, Any], choices: st.DataObject
) -> None:
    shuffled = {key: data[key] for key in choices.draw(st.permutations(list(data)))}
    for key in ("platforms", "conda"):
        if key in data:
            shuffled[key] = choices.draw(st.permutations(data[key]))
    if isinstance(data.get("pip"), list):
        shuffled["pip"] = choices.draw(st.permutations(data["pip"]))
    if "variables" in data:
        keys = choices.draw(st.permutations(list(data["variables"])))
        shuffled["variables"] = {key: data["variables"][key] for key in keys}

    one, other = (Dsl(choices.draw).spec(item) for item in (data, shuffled))

    assert id_of("a.envc", one) == id_of("a.envc", other)
