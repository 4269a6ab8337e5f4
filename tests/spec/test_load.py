"""Loading: every rule of the language has a code, a place and a message, and all are told at once."""

from __future__ import annotations

import os
import string
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.diagnostics import Diagnostic, draw
from envc.errors import InputError
from envc.spec.load import load
from envc.spec.model import (
    Base,
    Check,
    Conda,
    CopyStep,
    EnvSpec,
    Healthcheck,
    Index,
    Pip,
    RunStep,
    Runtime,
    Serve,
    Step,
)
from support.documents import document, problems

WHEEL = "dist/pets-1.0-py3-none-any.whl"


def spec(**fields: Any) -> dict[str, Any]:
    return {"environment": "pets", **fields}


def test_a_name_is_all_that_a_spec_needs() -> None:
    assert load(document(spec())) == EnvSpec(environment="pets")


def test_every_key_of_the_language_reaches_the_model() -> None:
    data = spec(
        base={"image": "ubuntu:24.04"},
        platforms=["linux/amd64", "linux/arm64"],
        python="3.12",
        channels=["conda-forge", "https://example.com/private"],
        conda=["numpy >=1.26,<2", "conda-forge::pillow"],
        pip={
            "indexes": [{"url": "https://pypi.example.com/simple", "secret": "PYPI_TOKEN"}],
            "packages": ["fastai ==2.7.*", 'tomli >=2 ; python_version < "3.11"'],
            "wheels": [WHEEL],
        },
        variables={"OMP_NUM_THREADS": "4", "EMPTY": ""},
        steps=[
            {"copy": {"from": "src/", "to": "/app"}},
            {"run": "make\nmake install"},
            {"run": {"command": "curl example.com", "network": "true"}},
        ],
        user="1000:pets",
        workdir="/app",
        entrypoint=["/usr/bin/tini", "--"],
        command=["python", "train.py", ""],
        check={"import": ["fastai", "a.b"], "run": ["python -m pets"]},
        labels={"org.opencontainers.image.title": "Pets", "empty": ""},
        ports=["8080", "9000/udp"],
        volumes=["/data", "/a b"],
        healthcheck={
            "run": ["curl", "-f", "http://localhost/"],
            "interval": "1m30s",
            "timeout": "500ms",
            "start": "10s",
            "retries": "5",
        },
        stopsignal="SIGRTMIN+3",
        runtime={"shm": "2g", "gpus": "all"},
        serve={"entry": "score.py", "model": "models/pets"},
    )

    assert load(document(data)) == EnvSpec(
        environment="pets",
        base=Base(image="ubuntu:24.04"),
        platforms=("linux/amd64", "linux/arm64"),
        python_="3.12",
        channels=("conda-forge", "https://example.com/private"),
        conda=Conda(packages=("numpy >=1.26,<2", "conda-forge::pillow")),
        pip=Pip(
            indexes=(Index(url="https://pypi.example.com/simple", secret="PYPI_TOKEN"),),
            packages=("fastai ==2.7.*", 'tomli >=2 ; python_version < "3.11"'),
            wheels=(WHEEL,),
        ),
        variables={"OMP_NUM_THREADS": "4", "EMPTY": ""},
        steps=(
            Step(copy_=CopyStep(source="src/", to="/app")),
            Step(run=RunStep(command="make\nmake install")),
            Step(run=RunStep(command="curl example.com", network=True)),
        ),
        user="1000:pets",
        workdir="/app",
        entrypoint=("/usr/bin/tini", "--"),
        command=("python", "train.py", ""),
        check=Check(imports=("fastai", "a.b"), run=("python -m pets",)),
        labels={"org.opencontainers.image.title": "Pets", "empty": ""},
        ports=("8080", "9000/udp"),
        volumes=("/data", "/a b"),
        healthcheck=Healthcheck(
            run=("curl", "-f", "http://localhost/"),
            interval="1m30s",
            timeout="500ms",
            start="10s",
            retries="5",
        ),
        stopsignal="SIGRTMIN+3",
        runtime=Runtime(shm="2g", gpus="all"),
        serve=Serve(entry="score.py", model="models/pets"),
    )


def test_packages_may_stand_in_a_list_or_in_a_block() -> None:
    short = spec(conda=["numpy"], pip=["six"])
    long = spec(conda={"packages": ["numpy"]}, pip={"packages": ["six"]})

    assert load(document(short)) == load(document(long))


def test_all_problems_are_told_at_once_in_the_order_of_their_places() -> None:
    data = {
        "conda": ["numpy >=", "pillow", "Pillow"],
        "secrets": {},
        "pip": {"packages": ["six=1"], "wheel": "x"},
        "user": "a b",
    }

    assert problems(data) == [
        ("E203", "", "the spec has no `environment`"),
        ("E230", ">=", "`numpy >=` is not a MatchSpec: there is no version after `>=`"),
        ("E233", '"Pillow"', "`pillow` is listed twice"),
        ("E202", '"secrets"', "`secrets` is not supported yet"),
        ("E231", "=", "`six=1` is not a requirement"),
        ("E201", '"wheel"', "unknown key `wheel` in `pip`"),
        ("E217", '"a b"', "`a b` is not a user"),
    ]


def test_a_misspelt_key_is_not_reported_as_missing_as_well() -> None:
    assert problems({"enviroment": "pets"}) == [
        ("E201", '"enviroment"', "unknown key `enviroment`")
    ]


KEYS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"chanels": []}, "E201", '"chanels"', "unknown key `chanels`"),
    ({"name": "pets"}, "E201", '"name"', "unknown key `name`"),
    ({"zzzz": "x"}, "E201", '"zzzz"', "unknown key `zzzz`"),
    ({"base": {"image": "a", "tag": "b"}}, "E201", '"tag"', "unknown key `tag` in `base`"),
    (
        {"steps": [{"copy": {"from": "a", "to": "b", "source": "c"}}]},
        "E201",
        '"source"',
        "unknown key `source` in `copy`",
    ),
    (
        {"steps": [{"run": "a", "copy_": {}}]},
        "E201",
        '"copy_"',
        "unknown key `copy_` in an entry of `steps`",
    ),
    (
        {"virtual_packages": {}},
        "E201",
        '"virtual_packages"',
        "unknown key `virtual_packages`",
    ),
    (
        {"base": {"image": "a", "build_arguments": {}}},
        "E202",
        '"build_arguments"',
        "`build_arguments` is not supported yet",
    ),
    ({"conda": {"overrides": []}}, "E202", '"overrides"', "`overrides` is not supported yet"),
    (
        {"pip": {"prereleases": "yes"}},
        "E202",
        '"prereleases"',
        "`prereleases` is not supported yet",
    ),
    ({"serve": {"port": "80"}}, "E203", '"serve"', "`serve` has no `entry`"),
    ({"train": {}}, "E203", '"train"', "`train` has no `script`"),
    ({"python": {}}, "E203", '"python"', "`python` has no `managed`"),
    (
        {"conda": [{"on": "linux/amd64"}]},
        "E203",
        '{ "on": "linux/amd64"}',
        "an entry of `conda` has no `package`",
    ),
    ({"pip": {"indexes": [{}]}}, "E203", "{}", "an entry of `indexes` has no `url`"),
    ({"serve": {"model": "m"}}, "E203", '"serve"', "`serve` has no `entry`"),
]

SHAPES: list[tuple[dict[str, Any], str, str, str]] = [
    (
        {"python": ["3.12"]},
        "E204",
        '["3.12"]',
        "`python` must be a version, or a mapping with `managed`, not a list",
    ),
    ({"base": "debian"}, "E204", '"debian"', "`base` must be a mapping, not a text"),
    (
        {"platforms": "linux/amd64"},
        "E204",
        '"linux/amd64"',
        "`platforms` must be a list, not a text",
    ),
    ({"platforms": [{}]}, "E204", "{}", "an entry of `platforms` must be a text, not a mapping"),
    ({"variables": []}, "E204", "[]", "`variables` must be a mapping, not a list"),
    (
        {"variables": {"A": []}},
        "E204",
        "[]",
        "`A` must be a text or a mapping of platforms to texts, not a list",
    ),
    (
        {"conda": "numpy"},
        "E204",
        '"numpy"',
        "`conda` must be a list of packages or a mapping, not a text",
    ),
    (
        {"conda": [["numpy"]]},
        "E204",
        '["numpy"]',
        "an entry of `conda` must be a text or a mapping with `package`, not a list",
    ),
    ({"pip": {"packages": {}}}, "E204", "{}", "`packages` must be a list, not a mapping"),
    ({"steps": ["make"]}, "E204", '"make"', "an entry of `steps` must be a mapping, not a text"),
    (
        {"steps": [{"run": []}]},
        "E204",
        "[]",
        "`run` must be a script or a mapping with `command`, not a list",
    ),
    ({"command": "python x.py"}, "E204", '"python x.py"', "`command` must be a list, not a text"),
    (
        {"steps": [{"run": {"command": "x", "network": []}}]},
        "E204",
        "[]",
        "`network` must be `true` or `false`, not a list",
    ),
    (
        {"healthcheck": []},
        "E204",
        "[]",
        "`healthcheck` must be a mapping or `none`, not a list",
    ),
    (
        {"healthcheck": {"run": {}}},
        "E204",
        "{}",
        "`run` must be a script or a list of words, not a mapping",
    ),
    ({"healthcheck": {"run": []}}, "E205", "[]", "the list is empty"),
    ({"healthcheck": {"run": " "}}, "E205", '" "', "the value is empty"),
    ({"labels": {"a": []}}, "E204", "[]", "`a` must be a text, not a list"),
    ({"platforms": []}, "E205", "[]", "the list is empty"),
    ({"command": [" "]}, "E205", '[" "]', "the first word, the program, is empty"),
    ({"pip": [" "]}, "E205", '" "', "the value is empty"),
    ({"steps": [{"run": "\n"}]}, "E205", '"\\n"', "the value is empty"),
    ({"python": ""}, "E205", '""', "the value is empty"),
]

VALUES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"environment": "My Pets"}, "E206", '"My Pets"', "`My Pets` cannot be an environment's name"),
    (
        {"environment": "a" * 129},
        "E206",
        f'"{"a" * 129}"',
        f"`{'a' * 129}` cannot be an environment's name",
    ),
    (
        {"platforms": ["linux-64"]},
        "E207",
        '"linux-64"',
        "`linux-64` is not a platform that envc builds for",
    ),
    ({"python": ">=3.10"}, "E209", '">=3.10"', "`>=3.10` is not a version of Python"),
    ({"python": "3.012"}, "E209", '"3.012"', "`3.012` is not a version of Python"),
    ({"python": "2.7"}, "E209", '"2.7"', "Python 2.7 is not supported"),
    (
        {"base": {"image": "Debian"}},
        "E210",
        '"Debian"',
        "`Debian` is not an image reference: a repository's name is in lower case",
    ),
    ({"channels": ["a b"]}, "E211", '"a b"', "`a b` is not a channel"),
    ({"channels": ["nodefaults"]}, "E211", '"nodefaults"', "`nodefaults` is not a channel"),
    (
        {"channels": ["ftp://a/b"]},
        "E211",
        '"ftp://a/b"',
        "`ftp://a/b` is not the address of a channel",
    ),
    ({"channels": ["http://[a/b"]}, "E211", '"http://[a/b"', "`http://[a/b` is not an address"),
    (
        {"channels": ["file:///opt/channel"]},
        "E211",
        '"file:///opt/channel"',
        "a channel on this machine's disk cannot be locked",
    ),
    (
        {"pip": {"indexes": [{"url": "pypi"}]}},
        "E212",
        '"pypi"',
        "`pypi` is not the address of a package index",
    ),
    (
        {"pip": {"indexes": [{"url": "https://a/simple?x=1"}]}},
        "E212",
        '"https://a/simple?x=1"',
        "the address of a package index has no `?` or `#` in it",
    ),
    (
        {"pip": {"indexes": [{"url": "https://a/simple", "secret": "hunter 2"}]}},
        "E214",
        '"hunter 2"',
        "a secret is named by an environment variable, and this is no such name",
    ),
    (
        {"variables": {"1A": "x"}},
        "E215",
        '"1A"',
        "`1A` cannot be the name of an environment variable",
    ),
    ({"workdir": "/a\nb"}, "E216", "\\n", "a line end cannot stand here"),
    (
        {"variables": {"A": "x\ny"}},
        "E216",
        "\\n",
        "the value of an environment variable cannot hold a line end",
    ),
    (
        {"labels": {"a": "x\ny"}},
        "E216",
        "\\n",
        "the value of a label cannot hold a line end",
    ),
    ({"volumes": ["/a\nb"]}, "E216", "\\n", "a line end cannot stand here"),
    (
        {"volumes": ["/a:/b"]},
        "E243",
        '"/a:/b"',
        "`/a:/b` has a colon in it, and a volume is a folder of the image only",
    ),
    ({"volumes": ["/.."]}, "E243", '"/.."', "the whole image cannot be a volume"),
    ({"ports": ["08080"]}, "E242", '"08080"', "`08080` is not a port"),
    (
        {"healthcheck": {"run": "x", "interval": "1000000h"}},
        "E244",
        '"1000000h"',
        "`1000000h` is not a duration",
    ),
    ({"stopsignal": "SIGRTMAX-15"}, "E247", '"SIGRTMAX-15"', "`SIGRTMAX-15` is not a signal"),
    ({"command": ["a\0b"]}, "E216", '"a\\u0000b"', "a NUL character cannot stand here"),
    ({"user": "1000:"}, "E217", '"1000:"', "`1000:` is not a user"),
    ({"workdir": "app"}, "E218", '"app"', "`app` is not an absolute path"),
    ({"serve": {"entry": "score.sh"}}, "E219", '"score.sh"', "`score.sh` is not a Python file"),
    ({"pip": {"wheels": ["a.tar.gz"]}}, "E220", '"a.tar.gz"', "`a.tar.gz` is not a wheel"),
    ({"pip": {"wheels": ["a.whl"]}}, "E220", '"a.whl"', "`a.whl` is not the name of a wheel"),
    (
        {"pip": {"wheels": ["https://a/b.whl"]}},
        "E220",
        '"https://a/b.whl"',
        "a wheel is a file beside the spec, not an address",
    ),
    ({"steps": [{}]}, "E221", "{}", "a step has neither `copy` nor `run`"),
    (
        {"steps": [{"copy": {"from": "a", "to": "b"}, "run": "c"}]},
        "E221",
        '{ "copy": { "from": "a", "to": "b"}, "run": "c"}',
        "a step has both `copy` and `run`",
    ),
    (
        {"steps": [{"run": {"command": "x", "network": "on"}}]},
        "E222",
        '"on"',
        "`on` is neither `true` nor `false`",
    ),
    ({"runtime": {"shm": "2 GB"}}, "E223", '"2 GB"', "`2 GB` is not a size"),
    ({"runtime": {"gpus": "0"}}, "E224", '"0"', "`0` is not a number of GPUs"),
    (
        {"check": {"import": ["scikit-learn"]}},
        "E226",
        '"scikit-learn"',
        "`scikit-learn` cannot be the name of a Python module",
    ),
]

BETWEEN: list[tuple[dict[str, Any], str, str, str]] = [
    (
        {"platforms": ["linux/amd64", "linux/amd64"]},
        "E208",
        '"linux/amd64"',
        "`linux/amd64` is listed twice",
    ),
    (
        {"channels": ["conda-forge", "https://conda.anaconda.org/conda-forge/"]},
        "E208",
        '"https://conda.anaconda.org/conda-forge/"',
        "`https://conda.anaconda.org/conda-forge/` is listed twice",
    ),
    (
        {"pip": {"indexes": [{"url": "https://a/simple"}, {"url": "https://A/simple/"}]}},
        "E208",
        '"https://A/simple/"',
        "`https://A/simple/` is listed twice",
    ),
    (
        {"pip": {"wheels": [WHEEL, f"./{WHEEL}"]}},
        "E208",
        f'"./{WHEEL}"',
        f"`./{WHEEL}` is listed twice",
    ),
    ({"conda": ["numpy >=1", "NumPy <2"]}, "E233", '"NumPy <2"', "`numpy` is listed twice"),
    (
        {"pip": ["ruamel.yaml", "Ruamel_Yaml<1"]},
        "E233",
        '"Ruamel_Yaml<1"',
        "`ruamel-yaml` is listed twice",
    ),
    (
        {"python": "3.12", "conda": ["python 3.11.*"]},
        "E234",
        '"python 3.11.*"',
        "`python 3.11.*` leaves no Python 3.12",
    ),
    (
        {"conda": ["bioconda::samtools"]},
        "E235",
        "bioconda",
        "`bioconda` is not one of the spec's channels",
    ),
    ({"pip": ["python >=3"]}, "E237", '"python >=3"', "Python itself cannot come from pip"),
]


@pytest.mark.parametrize(
    ("fields", "code", "place", "message"), [*KEYS, *SHAPES, *VALUES, *BETWEEN]
)
def test_a_wrong_spec_is_told_what_and_where(
    fields: dict[str, Any], code: str, place: str, message: str
) -> None:
    assert problems(spec(**fields)) == [(code, place, message)]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"base": {"image": "user:hunter2@ghcr.io/team/pets"}}, "user:hunter2@"),
        ({"channels": ["https://user:hunter2@example.com/c"]}, "user:hunter2@"),
        ({"channels": ["https://conda.anaconda.org/t/hunter2/c"]}, "/t/hunter2/"),
        ({"channels": ["user:hunter2@example.com/c"]}, "user:hunter2@"),
        ({"pip": {"indexes": [{"url": "https://hunter2@a/simple"}]}}, "hunter2@"),
        ({"pip": {"indexes": [{"url": "https://u:hunter2@a:b/simple"}]}}, "u:hunter2@"),
        ({"pip": ["a @ https://u:hunter2@b/a-1.0-py3-none-any.whl"]}, "u:hunter2@"),
        ({"conda": ["https://u:hunter2@b/c::a"]}, "u:hunter2@"),
    ],
)
def test_a_password_is_an_error_that_does_not_repeat_it(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(InputError) as caught:
        load(document(spec(**fields)))

    first = caught.value.diagnostics[0]
    assert (first.code, first.labels[0].span.text) == ("E213", place)
    assert not [d for d in caught.value.diagnostics if "hunter2" in d.message + d.hint]


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "~/x", "..", "../x", "a/../../x", "C:/x", "C:\\x", "a\\b"]
)
def test_files_of_a_spec_lie_below_its_folder(path: str) -> None:
    data = spec(
        steps=[{"copy": {"from": path, "to": "/app"}}], serve={"entry": "a.py", "model": path}
    )

    assert [code for code, _, _ in problems(data)] == ["E219", "E219"]


@pytest.mark.parametrize("path", [".", "src", "src/", "./src", "a/../b", "..a", "a b"])
def test_any_path_below_the_specs_folder_may_be_copied(path: str) -> None:
    assert problems(spec(steps=[{"copy": {"from": path, "to": "app"}}])) == []


@pytest.mark.parametrize(
    "user", ["0", "1000:1000", "root", "www-data", "_apt", "pets:staff", "a.b$"]
)
def test_users_are_names_and_numbers_with_or_without_a_group(user: str) -> None:
    assert problems(spec(user=user)) == []


@pytest.mark.parametrize(
    ("python", "package", "agrees"),
    [
        ("3.12", "python", True),
        ("3.12", "python >=3.10", True),
        ("3.12", "python >=3.12.3,<3.13", True),
        ("3.12", "python 3.12.7", True),
        ("3.12.7", "python 3.12.*", True),
        ("3", "python <3.10", True),
        ("3.12", "python <3.12.5", True),
        ("3.12", "python 3.11.*|3.12.*", True),
        ("3.12", "python !=3.12", True),
        ("3.12", "python >=3.13", False),
        ("3.12", "python <3.12", False),
        ("3.12", "python <3.12.0", False),
        ("3.12", "python <=3.11", False),
        ("3.12", "python =3.11", False),
        ("3.12", "conda-forge::Python ==3.11.4", False),
        ("3.12.7", "python 3.12.8", False),
    ],
)
def test_python_and_condas_python_must_have_a_version_in_common(
    python: str, package: str, agrees: bool
) -> None:
    found = problems(spec(python=python, conda=[package]))

    assert [code for code, _, _ in found] == ([] if agrees else ["E234"])


@pytest.mark.parametrize(
    ("listed", "package"),
    [
        ([], "conda-forge::numpy"),
        (["https://conda.anaconda.org/bioconda"], "bioconda::samtools"),
        (["bioconda"], "https://conda.anaconda.org/bioconda/::samtools"),
        (["bioconda"], "bioconda/noarch::samtools"),
        (["defaults"], "pkgs/main::numpy"),
    ],
)
def test_a_packages_channel_may_be_written_in_any_of_its_ways(
    listed: list[str], package: str
) -> None:
    assert problems(spec(channels=listed, conda=[package])) == []


def test_one_distribution_may_stand_twice_under_different_markers() -> None:
    pip = ["numpy <2; python_version < '3.12'", "numpy >=2; python_version >= '3.12'"]

    assert problems(spec(pip=pip)) == []


def test_both_places_of_a_repetition_are_shown() -> None:
    with pytest.raises(InputError) as caught:
        load(document(spec(pip=["six", "Six"])))

    (repeated,) = caught.value.diagnostics
    assert [(label.span.text, label.text) for label in repeated.labels] == [
        ('"Six"', ""),
        ('"six"', "first listed here"),
    ]


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"chanels": []}, "did you mean `channels`?"),
        ({"name": "pets"}, "did you mean `environment`?"),
        ({"packages": []}, "did you mean `conda` or `pip`?"),
        (
            {"base": {"image": "a", "q": "b"}},
            "there are `image`, `registry`, `dockerfile`, `context` and `target`",
        ),
        (
            {"environment": "My Pets!"},
            "write `my-pets`: a name has small letters and digits, single "
            "`-`, `_` or `.` between them, and at most 128 characters",
        ),
        ({"platforms": ["aarch64"]}, "write `linux/arm64`"),
        ({"platforms": ["windows"]}, "there are `linux/amd64` and `linux/arm64`"),
        ({"python": "3.12.*"}, "write numbers only: `3.12` means the newest 3.12"),
        ({"platforms": ["osx-arm64"]}, "there are `linux/amd64` and `linux/arm64`"),
        ({"platforms": ["linux/amd46"]}, "write `linux/amd64`"),
        ({"base": {"image": "Ubuntu 24.04"}}, "write `ubuntu:24.04`"),
        (
            {"base": {"image": "https://ghcr.io/a"}},
            "write the registry's host name without `http://` or `https://`",
        ),
        (
            {"base": {"image": "a:b:c"}},
            "write NAME:TAG or NAME@sha256:DIGEST, such as `python:3.12-slim-bookworm`",
        ),
        ({"pip": [{"name": "six"}]}, "did you mean `package`?"),
        ({"user": " "}, "fill it, or remove it"),
        ({"workdir": "./app"}, "write `/app`"),
        ({"command": "python 'a b'.py"}, 'write its words as a list: ["python", "a b.py"]'),
        ({"platforms": "linux/amd64"}, "write a list: [linux/amd64]"),
        ({"runtime": "all"}, "it holds `shm`, `gpus`, `arguments` and `mounts`"),
        ({"variables": "A=b"}, "give every name a value"),
        ({"python": ["3.12"]}, "write `3.12` alone"),
        ({"check": {"import": ["a-b"]}}, "write `a_b`, if that is how it is imported"),
        (
            {"check": {"import": ["make test"]}},
            "separate names by commas: make, test; a command goes into `run`",
        ),
    ],
)
def test_hints_say_what_to_write(fields: dict[str, Any], hint: str) -> None:
    with pytest.raises(InputError) as caught:
        load(document(spec(**fields)))

    assert caught.value.diagnostics[0].hint == hint


def test_what_a_lock_vouches_for_is_loaded_without_rattler() -> None:
    script = """
import sys
from support.documents import document
from envc.spec.load import load
spec = document({"environment": "pets", "conda": ["NumPy>=1.26", "blas * *openblas"]})
load(spec, vouched={"numpy >=1.26", "blas * *openblas"})
assert "rattler" not in sys.modules
load(spec, vouched={"numpy >=1.26"})
assert "rattler" in sys.modules
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


def test_a_vouched_package_is_still_compared_with_the_others() -> None:
    data = document(spec(conda=["numpy", "NumPy >=1", "bioconda::x"]))

    with pytest.raises(InputError) as caught:
        load(data, vouched={"numpy", "numpy >=1", "bioconda::x"})

    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["E233", "E235"]


KEYS_OR_NOISE = st.sampled_from(
    [
        *EnvSpec.model_fields,
        "packages",
        "indexes",
        "url",
        "copy",
        "from",
        "import",
        "run",
        "[key]",
        "0",
        "",
    ]
) | st.text(string.printable, max_size=8)
TEXTS = st.sampled_from(
    ["3.12", "linux/amd64", "numpy >=1.2", "six ; x", "a @ https://b", "https://u@h/p", "../x"]
) | st.text(max_size=20)
DATA = st.dictionaries(
    KEYS_OR_NOISE,
    st.recursive(
        TEXTS,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(KEYS_OR_NOISE, inner, max_size=4)
        ),
        max_leaves=12,
    ),
    max_size=6,
)


@given(DATA)
def test_no_data_is_worse_than_an_input_error(data: dict[str, Any]) -> None:
    try:
        load(document(data))
        found: tuple[Diagnostic, ...] = ()
    except InputError as error:
        found = error.diagnostics

    assert all(diagnostic.labels and draw([diagnostic]) for diagnostic in found)
