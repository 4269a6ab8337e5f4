"""The spec id: equal for all ways to write one spec, different for different specs."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.canonical import canonical_json
from envc.spec.model import EnvSpec
from envc.spec.normal import normal_form, spec_id

FULL: dict[str, Any] = {
    "environment": "pets",
    "base": {"image": "ubuntu:24.04"},
    "platforms": ["linux/amd64", "linux/arm64"],
    "python": "3.12",
    "channels": ["conda-forge", "bioconda"],
    "conda": ["numpy >=1.26,<2", "pillow", "bioconda::samtools"],
    "pip": {
        "indexes": [{"url": "https://a/simple"}, {"url": "https://b/simple", "secret": "TOKEN"}],
        "packages": ["typing-extensions >=4,<5", "six", "tomli >=2; python_version < '3.11'"],
        "wheels": ["dist/pets-1.0-py3-none-any.whl", "dist/dogs-1.0-py3-none-any.whl"],
    },
    "variables": {"A": "1", "B": "2"},
    "steps": [{"copy": {"from": "src", "to": "/app"}}, {"run": "make"}, {"run": "make install"}],
    "user": "1000",
    "workdir": "/app",
    "entrypoint": ["tini", "--"],
    "command": ["python"],
    "labels": {"a": "1", "b": "2"},
    "ports": ["8080", "9000/udp"],
    "volumes": ["/data", "/models"],
    "healthcheck": {"run": "curl -f http://localhost/", "interval": "90s"},
    "stopsignal": "SIGINT",
    "check": {"import": ["a", "b"], "run": ["true", "make test"]},
    "runtime": {"shm": "2g"},
    "serve": {"entry": "score.py"},
}


def id_of(data: dict[str, Any]) -> str:
    return spec_id(EnvSpec.model_validate(data))


def changed(**fields: Any) -> dict[str, Any]:
    return {**FULL, **fields}


def pip(**fields: Any) -> dict[str, Any]:
    return changed(pip={**FULL["pip"], **fields})


SAME: dict[str, dict[str, Any]] = {
    "another name": changed(environment="dogs"),
    "as many layers as by default": changed(layers="10"),
    "platforms in another order": changed(platforms=["linux/arm64", "linux/amd64"]),
    "conda packages in another order": changed(
        conda=["pillow", "bioconda::samtools", "numpy >=1.26,<2"]
    ),
    "conda packages in a block": changed(conda={"packages": FULL["conda"]}),
    "conda packages in other words": changed(
        conda=["NumPy<2, >=1.26", " pillow ", "bioconda :: samtools"]
    ),
    "pip packages in other words": pip(
        packages=["Six", "tomli>=2 ;python_version<'3.11'", "Typing_Extensions<5, >= 4"]
    ),
    "wheels in another order": pip(
        wheels=["./dist/dogs-1.0-py3-none-any.whl", "dist/pets-1.0-py3-none-any.whl"]
    ),
    "indexes with a slash": pip(
        indexes=[{"url": "https://A/simple/"}, {"url": "https://b/simple", "secret": "TOKEN"}]
    ),
    "variables in another order": changed(variables={"B": "2", "A": "1"}),
    "channels by address": changed(
        channels=["https://conda.anaconda.org/conda-forge/", "https://conda.anaconda.org/bioconda"]
    ),
    "the base in full": changed(base={"image": "docker.io/library/ubuntu:24.04"}),
    "a folder with a slash": changed(
        steps=[{"copy": {"from": "./src/", "to": "/app"}}, *FULL["steps"][1:]]
    ),
    "labels in another order": changed(labels={"b": "2", "a": "1"}),
    "ports in another order": changed(ports=["9000/udp", "8080/tcp"]),
    "volumes in another order": changed(volumes=["/models/", "/./data"]),
    "a health check in full": changed(
        healthcheck={
            "run": ["/bin/sh", "-ec", "curl -f http://localhost/"],
            "interval": "1m30s",
            "timeout": "30000ms",
            "retries": "3",
        }
    ),
    "a run step in full": changed(
        steps=[FULL["steps"][0], {"run": {"command": "make", "network": "false"}}, FULL["steps"][2]]
    ),
}

DIFFERENT: dict[str, dict[str, Any]] = {
    "another base": changed(base={"image": "ubuntu:22.04"}),
    "a base with a digest": changed(base={"image": "ubuntu:24.04@sha256:" + "ab" * 32}),
    "fewer platforms": changed(platforms=["linux/amd64"]),
    "another python": changed(python="3.11"),
    "channels in another order": changed(channels=["bioconda", "conda-forge"]),
    "another conda version": changed(conda=["numpy >=1.26,<3", *FULL["conda"][1:]]),
    "fewer conda packages": changed(conda=FULL["conda"][:2]),
    "indexes in another order": pip(indexes=FULL["pip"]["indexes"][::-1]),
    "another secret": pip(
        indexes=[FULL["pip"]["indexes"][0], {"url": "https://b/simple", "secret": "OTHER"}]
    ),
    "fewer pip packages": pip(packages=["six"]),
    "another marker": pip(
        packages=[*FULL["pip"]["packages"][:2], "tomli >=2; python_version < '3.10'"]
    ),
    "fewer wheels": pip(wheels=FULL["pip"]["wheels"][:1]),
    "another variable": changed(variables={"A": "1", "B": "3"}),
    "steps in another order": changed(steps=[FULL["steps"][0], FULL["steps"][2], FULL["steps"][1]]),
    "a target with a slash": changed(
        steps=[{"copy": {"from": "src", "to": "/app/"}}, *FULL["steps"][1:]]
    ),
    "a step with network": changed(
        steps=[*FULL["steps"][:2], {"run": {"command": "make install", "network": "true"}}]
    ),
    "another user": changed(user="1001"),
    "another workdir": changed(workdir="/src"),
    "another entrypoint": changed(entrypoint=["tini"]),
    "an empty entrypoint": changed(entrypoint=[]),
    "an empty command": changed(command=[]),
    "another command": changed(command=["python", "-I"]),
    "no command": {key: value for key, value in FULL.items() if key != "command"},
    "another label": changed(labels={"a": "1", "b": "3"}),
    "fewer labels": changed(labels={"a": "1"}),
    "another protocol": changed(ports=["8080", "9000"]),
    "no ports": changed(ports=[]),
    "another volume": changed(volumes=["/data", "/models/pets"]),
    "another health check": changed(healthcheck={"run": "true", "interval": "90s"}),
    "another interval": changed(
        healthcheck={"run": "curl -f http://localhost/", "interval": "91s"}
    ),
    "time to start": changed(
        healthcheck={"run": "curl -f http://localhost/", "interval": "90s", "start": "1ms"}
    ),
    "the base's health check taken away": changed(healthcheck="none"),
    "the base's health check": {key: value for key, value in FULL.items() if key != "healthcheck"},
    "another stop signal": changed(stopsignal="SIGTERM"),
    "the base's stop signal": {key: value for key, value in FULL.items() if key != "stopsignal"},
    "another check": changed(check={"import": ["a", "b"], "run": ["true"]}),
    "another runtime": changed(runtime={"shm": "1g"}),
    "more layers": changed(layers="20"),
    "one layer": changed(layers="1"),
    "no serve": {key: value for key, value in FULL.items() if key != "serve"},
}


MORE: dict[str, Any] = {
    **FULL,
    "cuda": "12.4",
    "virtual-packages": {"__glibc": "2.28", "__archspec": "x86_64_v3"},
    "exclude-newer": "2026-01-31",
    "channel-priority": "disabled",
    "conda": {"packages": [*FULL["conda"], {"package": "mkl", "on": "linux/amd64"}]}
    | {"constraints": ["scipy <2", "zlib >=1"]},
    "pip": FULL["pip"]
    | {
        "find-links": [{"path": "wheels"}, {"url": "https://a.example/x", "secret": "S"}],
        "sources": ["libs/a", "libs/b"],
        "sdists": ["a-b", "c"],
        "constraints": ["six <2"],
        "overrides": ["typing-extensions ==4.*"],
    },
    "system": {"packages": ["git", "curl=7.88.1-10"], "snapshot": "2026-01-31"},
    "variables": {"A": "1", "B": {"linux/amd64": "1", "linux/arm64": "2"}},
    "build-variables": {"C": "1"},
    "before-packages": [{"run": "make"}],
    "steps": [
        {"copy": {"from": "a", "to": "/a", "owner": "1000", "mode": "0644", "ignore": ["x", "y"]}},
        {"run": "make", "on": "linux/amd64"},
    ],
    "check": {"run": [{"command": "make", "prints": "1"}]},
    "runtime": {
        "arguments": ["--init", "--ipc=host"],
        "mounts": [{"from": "a/b", "to": "/b"}, {"from": "volume", "to": "/a"}],
    },
    "serve": {"entry": "score.py", "port": "8080", "workers": "2"},
    "train": {"script": "train.py", "arguments": ["1"], "source": "."},
}


def more(**fields: Any) -> dict[str, Any]:
    return MORE | {key.replace("_", "-"): value for key, value in fields.items()}


def within(block: str, **fields: Any) -> dict[str, Any]:
    return more(
        **{block: MORE[block] | {key.replace("_", "-"): value for key, value in fields.items()}}
    )


def copied(**fields: Any) -> dict[str, Any]:
    return more(steps=[{"copy": MORE["steps"][0]["copy"] | fields}, *MORE["steps"][1:]])


MKL = {"package": "mkl"}
AMD64, ARM64 = {"on": "linux/amd64"}, {"on": "linux/arm64"}

SAME_OF_MORE: dict[str, dict[str, Any]] = {
    "__cuda said as well": more(
        virtual_packages={"__cuda": "12.4", "__archspec": "x86_64_v3", "__glibc": "2.28"}
    ),
    "a day by its last instant": more(exclude_newer="2026-02-01T01:00:00+01:00"),
    "a package in other words": within(
        "conda", packages=[{"package": "MKL ", "on": "linux/amd64"}, *FULL["conda"]]
    ),
    "packages that name every platform": within(
        "conda",
        packages=[
            *(package for package in FULL["conda"] if package != "pillow"),
            {"package": "pillow"} | AMD64,
            {"package": "pillow"} | ARM64,
            MKL | AMD64,
        ],
    ),
    "constraints in other words": within("conda", constraints=["zlib>=1", "SciPy <2"]),
    "find-links in another order": within(
        "pip",
        find_links=[{"url": "https://a.example/x", "secret": "S"}, {"path": "./wheels/"}],
    ),
    "sources in other words": within("pip", sources=["libs/b/", "./libs/a"]),
    "sdists in other words": within("pip", sdists=["C", "A_B", "a.b"]),
    "overrides in other words": within("pip", overrides=["Typing_Extensions==4.*"]),
    "Debian packages in another order": within("system", packages=["curl=7.88.1-10", "git"]),
    "a variable for each platform": more(
        variables={"B": MORE["variables"]["B"], "A": {"linux/arm64": "1", "linux/amd64": "1"}}
    ),
    "a mode of three digits": copied(mode="644"),
    "patterns in another order": copied(ignore=["y", "x", "y"]),
    "mounts in another order": within(
        "runtime",
        mounts=[
            {"from": "volume", "to": "/a/", "read-only": "no"},
            {"from": "./a/b/", "to": "/b"},
        ],
    ),
    "the folder of the script left out": more(train={"script": "train.py", "arguments": ["1"]}),
}

DIFFERENT_OF_MORE: dict[str, dict[str, Any]] = {
    "no cuda": more(cuda="none"),
    "another cuda": more(cuda="11.8"),
    "another glibc": more(virtual_packages={"__glibc": "2.35", "__archspec": "x86_64_v3"}),
    "another day": more(exclude_newer="2026-01-30"),
    "strict channels": more(channel_priority="strict"),
    "a package for the other platform": within(
        "conda", packages=[*FULL["conda"], {"package": "mkl", "on": "linux/arm64"}]
    ),
    "a package for all platforms": within("conda", packages=[*FULL["conda"], "mkl"]),
    "another constraint": within("conda", constraints=["scipy <2"]),
    "other find-links": within("pip", find_links=[{"path": "wheels"}]),
    "fewer sources": within("pip", sources=["libs/a"]),
    "a source for one platform": within("pip", sources=["libs/a", {"source": "libs/b"} | AMD64]),
    "fewer sdists": within("pip", sdists=["c"]),
    "another constraint of pip": within("pip", constraints=["six <3"]),
    "a constraint as override": within("pip", constraints=[], overrides=["six <2"]),
    "another Debian version": within("system", packages=["git", "curl"]),
    "another snapshot": within("system", snapshot="2026-01-30"),
    "other values by platform": more(
        variables={"A": "1", "B": {"linux/amd64": "2", "linux/arm64": "1"}}
    ),
    "a variable for one platform": more(variables={"A": "1", "B": {"linux/amd64": "1"}}),
    "another build variable": more(build_variables={"C": "2"}),
    "build variables as variables": more(
        build_variables={}, variables=MORE["variables"] | {"C": "1"}
    ),
    "nothing before packages": more(before_packages=[]),
    "another owner": copied(owner="1001"),
    "another mode": copied(mode="0640"),
    "fewer patterns": copied(ignore=["x"]),
    "a step for all platforms": more(steps=[MORE["steps"][0], {"run": "make"}]),
    "another print": more(check={"run": [{"command": "make", "prints": "2"}]}),
    "any print": more(check={"run": ["make"]}),
    "other arguments": within("runtime", arguments=["--init"]),
    "a folder for a volume": within(
        "runtime", mounts=[{"from": "a/b", "to": "/b"}, {"from": "./volume", "to": "/a"}]
    ),
    "a mount to read only": within(
        "runtime",
        mounts=[{"from": "a/b", "to": "/b", "read-only": "yes"}, {"from": "volume", "to": "/a"}],
    ),
    "another port to serve": within("serve", port="8081"),
    "another number of workers": within("serve", workers="3"),
    "another argument": within("train", arguments=["2"]),
    "another folder": within("train", source="src"),
    "no training": {key: value for key, value in MORE.items() if key != "train"},
    "a base from a Dockerfile": more(base={"dockerfile": "Dockerfile"}),
    "another context": more(base={"dockerfile": "Dockerfile", "context": "."}),
    "another stage": more(base={"dockerfile": "Dockerfile", "target": "a"}),
    "a Dockerfile's text": more(base={"dockerfile": "FROM a\n"}),
    "a base of a registry": more(base={"image": "ubuntu:24.04", "registry": "a.example"}),
}


@pytest.mark.parametrize("data", SAME_OF_MORE.values(), ids=SAME_OF_MORE)
def test_the_whole_language_means_the_same_in_other_words(data: dict[str, Any]) -> None:
    assert repr(data) != repr(MORE)
    assert id_of(data) == id_of(MORE)


def test_the_whole_language_has_another_id_for_another_meaning() -> None:
    ids = {name: id_of(data) for name, data in {"": MORE, **DIFFERENT_OF_MORE}.items()}

    assert len(set(ids.values())) == len(ids)


def test_a_python_that_is_not_managed_has_an_id_of_its_own() -> None:
    base = {"environment": "a", "base": {"image": "debian:12"}}
    unmanaged = {"python": {"managed": "no"}, "interpreter": "/usr/bin/python3"}

    assert id_of(base | unmanaged) not in {
        id_of(base),
        id_of(base | unmanaged | {"interpreter": "/usr/bin/python"}),
    }


def test_what_is_for_the_only_platform_is_for_all() -> None:
    plain = {
        "environment": "a",
        "conda": ["zlib"],
        "pip": {"wheels": ["a-1-py3-none-any.whl"]},
        "variables": {"A": "1"},
        "steps": [{"run": "make"}],
    }
    selected = {
        "environment": "a",
        "conda": [{"package": "zlib"} | AMD64],
        "pip": {"wheels": [{"wheel": "a-1-py3-none-any.whl"} | AMD64]},
        "variables": {"A": {"linux/amd64": "1"}},
        "steps": [{"run": "make"} | AMD64],
    }

    assert id_of(selected) == id_of(plain)


@pytest.mark.parametrize(
    "fields",
    [
        {"cuda": "none"},
        {"channel-priority": "strict"},
        {"virtual-packages": {}, "build-variables": {}, "before-packages": []},
        {"conda": {"packages": [], "constraints": []}},
        {"pip": {"sdists": [], "sources": [], "find-links": [], "overrides": []}},
        {"system": {"packages": []}},
        {"runtime": {"arguments": [], "mounts": []}},
    ],
)
def test_what_says_nothing_changes_no_id(fields: dict[str, Any]) -> None:
    assert id_of({"environment": "a", **fields}) == id_of({"environment": "a"})


@pytest.mark.parametrize("data", SAME.values(), ids=SAME)
def test_what_means_the_same_has_the_same_id(data: dict[str, Any]) -> None:
    assert repr(data) != repr(FULL)
    assert id_of(data) == id_of(FULL)


def test_what_means_something_else_has_another_id() -> None:
    ids = {name: id_of(data) for name, data in {"": FULL, **DIFFERENT}.items()}

    assert len(set(ids.values())) == len(ids)


def test_defaults_may_be_written_out() -> None:
    short = {"environment": "a", "conda": ["zlib"]}
    long = {
        **short,
        "base": {"image": "debian:bookworm-slim"},
        "platforms": ["linux/amd64"],
        "channels": ["conda-forge"],
        "pip": {"indexes": [{"url": "https://pypi.org/simple"}]},
        "user": "1000:1000",
        "labels": {},
        "ports": [],
        "volumes": [],
    }

    assert id_of(long) == id_of(short)


def test_line_ends_are_no_part_of_a_script() -> None:
    unix = {"environment": "a", "steps": [{"run": "a\nb"}], "healthcheck": {"run": "a\nb"}}
    windows = {
        "environment": "a",
        "steps": [{"run": "a\r\nb"}],
        "healthcheck": {"run": "a\r\nb"},
    }

    assert id_of(windows) == id_of(unix)


def test_the_id_is_the_digest_of_the_contract_and_the_normal_form() -> None:
    text = (
        '{"contract":1,"spec":{"base":"docker.io/library/python:3.12-slim-bookworm",'
        '"channels":["https://conda.anaconda.org/conda-forge"],"check":{"import":[],"run":[]},'
        '"command":null,"conda":[],"entrypoint":null,'
        '"indexes":[{"secret":null,"url":"https://pypi.org/simple"}],"pip":["six"],'
        '"platforms":["linux/amd64"],"python":null,"runtime":{"gpus":null,"shm":null},'
        '"serve":null,"steps":[],"system":[],"user":"1000:1000","variables":{},"wheels":[],'
        '"workdir":null}}'
    )

    assert id_of({"environment": "a", "pip": ["Six"]}) == (
        "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    )


MATCHSPECS = st.lists(
    st.sampled_from(
        ["numpy >=1.26,<2", "pillow=10", "zlib", "bzip2 1.0.8 h*", "a::b", "x[build=1]"]
    ),
    unique=True,
)
REQUIREMENTS = st.lists(
    st.sampled_from(["six", "tomli >=2; os_name == 'nt'", "Typing_Extensions<5", "a[b,c] ==1.*"]),
    unique=True,
)
CASES = st.sampled_from(["lower", "upper", "title"])


@given(MATCHSPECS, REQUIREMENTS, st.randoms(use_true_random=False), st.data())
def test_order_and_spelling_of_packages_change_nothing(
    conda: list[str], pip_packages: list[str], random: Any, data: st.DataObject
) -> None:
    def spell_name(name: str) -> str:
        spellings = {"lower": name.lower(), "upper": name.upper(), "title": name.title()}
        return spellings[data.draw(CASES)]

    def spell_pip(text: str) -> str:
        name, space, rest = text.partition(" ")
        return spell_name(name).replace("_", data.draw(st.sampled_from("-_."))) + space + rest

    def spell_conda(text: str) -> str:
        name, space, rest = text.partition(" ")
        return (name if ":" in name or "[" in name else spell_name(name)) + space * 2 + rest

    written = {"environment": "a", "conda": conda, "pip": pip_packages}
    respelt = {
        "pip": [spell_pip(text) for text in pip_packages],
        "conda": [spell_conda(text) for text in conda],
        "environment": "b",
    }
    random.shuffle(respelt["pip"])
    random.shuffle(respelt["conda"])

    assert id_of(respelt) == id_of(written)


@given(MATCHSPECS, MATCHSPECS, REQUIREMENTS, REQUIREMENTS)
def test_other_packages_give_another_id(
    conda: list[str], other_conda: list[str], pip_packages: list[str], other_pip: list[str]
) -> None:
    one = {"environment": "a", "conda": conda, "pip": pip_packages}
    other = {"environment": "a", "conda": other_conda, "pip": other_pip}

    are_same = sorted(conda) == sorted(other_conda) and sorted(pip_packages) == sorted(other_pip)
    assert (id_of(one) == id_of(other)) is are_same


def test_the_normal_form_is_canonical_json_data() -> None:
    form = normal_form(EnvSpec.model_validate(FULL))

    assert b'"pip":["six","tomli>=2; python_version < \\"3.11\\"","typing-extensions<5,>=4"]' in (
        canonical_json(form)
    )
