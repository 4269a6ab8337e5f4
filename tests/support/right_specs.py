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
# All specs are for it, so that anything may be for it only.
PLATFORM = "linux/amd64"


def selected(name: str, items: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Return items, some of them for one platform only."""
    return items | st.fixed_dictionaries({name: items, "on": st.just(PLATFORM)})


def text_of(item: Any) -> str:
    return item if isinstance(item, str) else next(item[name] for name in item if name != "on")


def named(item: Any) -> str:
    return first_word(text_of(item))


wheels = some(
    selected("wheel", st.sampled_from(["a-1-py3-none-any.whl", "./dist x/b-2-py3-none-any.whl"])),
    key=text_of,
)
pages = st.sampled_from(
    [{"url": "https://a.example/x/"}, {"url": "https://b.example/", "secret": "T"}, {"path": "w/"}]
)
constraints = some(names.map(lambda name: f"k{name} <3"), key=first_word)
conda_blocks = some(selected("package", conda), key=named) | optional(
    packages=some(selected("package", conda), key=named), constraints=constraints
)
pips = some(selected("package", pip), key=named) | optional(
    **{
        "indexes": st.lists(indexes, min_size=1, max_size=2, unique_by=lambda index: index["url"]),
        "find-links": some(pages),
        "packages": some(selected("package", pip), key=named),
        "wheels": wheels,
        "sources": some(selected("source", st.sampled_from(["libs/a", "./x y"])), key=text_of),
        "constraints": constraints,
        "overrides": constraints,
    }
)
systems = some(selected("package", st.sampled_from(["git", "libc6=2.36-9+deb12u4"])), key=text_of)
variables = st.dictionaries(
    st.sampled_from(["A", "_x", "no", "Y2"]),
    texts | st.fixed_dictionaries({PLATFORM: texts}),
    max_size=3,
)
on_platform = {"on": st.just(PLATFORM)}
copies = st.fixed_dictionaries(
    {"from": paths, "to": st.sampled_from(["/app", "a b/", "."])},
    optional={
        "owner": st.sampled_from(["1000", "1000:1000", "pets"]),
        "mode": st.sampled_from(["0644", "755"]),
        "ignore": st.lists(st.sampled_from(["*.pyc", "tests/", "a b"]), max_size=2, unique=True),
    },
)
runs = scripts | st.fixed_dictionaries({"command": scripts, "network": st.just("true")})
steps = st.fixed_dictionaries({"copy": copies}, optional=on_platform) | st.fixed_dictionaries(
    {"run": runs}, optional=on_platform
)
mounts = st.fixed_dictionaries(
    {
        "from": st.sampled_from(["data/", "/srv/x y", "//srv/a/..", "models"]),
        "to": st.sampled_from(["/data", "//data/./x/"]),
    },
    optional={"read-only": st.just("true")},
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
        platforms=st.permutations([PLATFORM, "linux/arm64"]),
        python=st.sampled_from(["3", "3.10", "3.12.7"]),
        channels=st.just(["https://a.example/c", "conda-forge"])
        | st.just([{"channel": "https://b.example/c", "secret": "TOKEN"}, "conda-forge"])
        | st.just(["defaults", "pkgs/main", "conda-forge"]),
        conda=conda_blocks,
        pip=pips,
        system=systems
        | st.fixed_dictionaries({"packages": systems, "snapshot": st.just("2026-01-31")}),
        cuda=st.sampled_from(["12.4", "none"]),
        variables=variables,
        steps=st.lists(steps, min_size=1, max_size=3),
        user=st.sampled_from(["0", "1000:1000", "no", "a:b"]),
        workdir=st.sampled_from(["/", "/a b", "/é"]),
        entrypoint=st.lists(words, max_size=3),
        command=st.lists(words, max_size=3),
        labels=st.dictionaries(st.sampled_from(["a", "no", "b.c/d-e_f"]), texts, max_size=3),
        ports=some(st.sampled_from(["80", "8080/tcp", "80/udp"])),
        volumes=some(st.sampled_from(["/data", "/a b", "/x,y", "/#"])),
        healthcheck=st.just("none") | healthchecks,
        stopsignal=st.sampled_from(["SIGINT", "SIGRTMIN+3"]),
        layers=st.sampled_from(["1", "10", "20"]),
        check=optional(
            **{
                "import": some(modules),
                "run": st.lists(
                    scripts | st.fixed_dictionaries({"command": scripts, "prints": words}),
                    min_size=1,
                    max_size=2,
                ),
                "timeout": st.sampled_from(["30s", "10m"]),
                "allow-missing": some(st.sampled_from(["libGL.so", "libc++.so.1"])),
            }
        ),
        runtime=optional(
            shm=st.sampled_from(["2g", "1024", "5MB"]),
            gpus=st.sampled_from(["all", "2"]),
            arguments=st.just(["--ipc=host", "--init"]),
            mounts=st.lists(mounts, min_size=1, max_size=1),
        ),
        serve=st.fixed_dictionaries(
            {"entry": st.sampled_from(["src/score.py", "./src//score.py"])},
            optional={"model": paths, "port": st.just("8080"), "workers": st.just("2")},
        ),
        train=st.fixed_dictionaries(
            {"script": st.just("train.py")},
            optional={"arguments": st.lists(words, max_size=2), "source": paths},
        ),
        **{
            "before-packages": st.lists(steps, min_size=1, max_size=2),
            "build-variables": variables,
            "channel-priority": st.sampled_from(["strict", "disabled"]),
            "exclude-newer": st.sampled_from(["2026-01-31", "2026-01-31T12:00:00Z"]),
            "distributions": st.just({"pytorch-gpu": "torch", "mkl-service": "none"}),
            "virtual-packages": st.just({"__glibc": "2.28", "__archspec": "x86_64_v3"}),
        },
    ),
)
