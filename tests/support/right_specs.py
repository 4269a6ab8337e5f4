"""Specs as data, drawn at random: nothing is wrong with them."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

__all__ = ["specs"]

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
healthchecks = st.fixed_dictionaries(
    {"run": scripts | st.lists(words, min_size=1, max_size=3)},
    optional={
        "interval": st.sampled_from(["30s", "1h2m"]),
        "start": st.just("500ms"),
        "retries": st.sampled_from(["1", "10"]),
    },
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
        labels=st.dictionaries(st.sampled_from(["a", "no", "b.c/d-e_f"]), texts, max_size=3),
        ports=some(st.sampled_from(["80", "8080/tcp", "80/udp"])),
        volumes=some(st.sampled_from(["/data", "/a b", "/x,y", "/#"])),
        healthcheck=st.just("none") | healthchecks,
        stopsignal=st.sampled_from(["SIGINT", "SIGRTMIN+3"]),
        check=optional(
            **{"import": some(modules), "run": st.lists(scripts, min_size=1, max_size=2)}
        ),
        runtime=optional(
            shm=st.sampled_from(["2g", "1024", "5MB"]), gpus=st.sampled_from(["all", "2"])
        ),
        serve=st.fixed_dictionaries({"entry": st.just("src/score.py")}, optional={"model": paths}),
    ),
)
