"""Rules find what they are about in all its forms, and are silent about what only looks like it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from envc.lint.rule import CODES, RULES, find
from envc.spec.load import load
from support.documents import Everything, document

TODAY = date(2026, 1, 31)
BASE: dict[str, Any] = {"environment": "pets", "python": "3.12", "check": {"import": ["pets"]}}
PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def found(today: date = TODAY, **fields: Any) -> list[tuple[str, str]]:
    data = {key: value for key, value in {**BASE, **fields}.items() if value is not None}
    read = document(data)
    spec = load(read, vouched=Everything())
    return [
        (finding.warning.code, finding.warning.labels[0].span.text)
        for finding in find(read, spec, today, all_rules=True)
        if finding.warning.code != "W290"  # what no later stage honours yet is another matter
    ]


def in_step(script: str, *, network: bool = False) -> list[tuple[str, str]]:
    return found(
        steps=[{"run": {"command": script, "network": "true"}} if network else {"run": script}]
    )


def test_rules_are_sorted_and_unique() -> None:
    assert list(CODES) == sorted(set(CODES))
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_the_manual_lists_the_rules_that_are_always_asked() -> None:
    [sentence] = re.findall(r"it tells of these only\s[^:]+: ([^.]+)\.", PAGE.read_text())

    assert re.findall(r"W[0-9]{3}", sentence) == [rule.code for rule in RULES if rule.is_sure]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"conda": ["numpy >=1", "c==2", "d=1=py_0", "e * cuda*", "f[version='>=2']"]},
        {"pip": ["a>=1", "b[x] ~=2.1", "c ===1.0"]},
        {"conda": ["numpy >=1.26,<3", "scipy 1.*", "pandas ==2.*", "c !=1.5.*"]},
        {"conda": ["graphviz >=1"], "pip": ["graphviz >=0.2"]},
        {"conda": ["numpy >=1"], "pip": ['numpy >=1; sys_platform == "win32"']},
        {"conda": ["pytorch >=2"], "pip": ["torchmetrics >=1"]},
        {"conda": ["git >=2", "nodejs 22.*"], "pip": ["numpy >=2"]},
        {"conda": ["yaml >=0.2"]},
        {
            "pip": {
                "indexes": [{"url": "https://pypi.example.com/simple"}],
                "packages": ["yaml >=6"],
            }
        },
        {"pip": ["pip >=24"], "steps": [{"run": "pip install --no-deps --no-index /app"}]},
        {"pip": ["opencv-python >=4"], "steps": [{"run": "dpkg -i /app/libgl1.deb"}]},
        {"channels": ["defaults"], "conda": ["a >=1"]},
        {"channels": ["conda-forge", "bioconda"], "conda": ["a >=1"]},
        {"channels": None, "conda": ["conda-forge::a >=1"]},
        {"channels": ["http://localhost:8080/c"], "conda": ["a >=1"]},
        {"pip": {"indexes": [{"url": "http://127.0.0.1/simple"}]}},
        {"pip": {"indexes": [{"url": "https://a.example/s"}, {"url": "https://pypi.org/simple"}]}},
        {"pip": {"indexes": [{"url": "https://pypi.org/simple"}, {"url": "https://a.example/s"}]}},
        {"python": None, "conda": ["python 3.12.*", "a >=1"], "pip": ["b >=1"]},
        {"python": None, "conda": ["a >=1"]},
        {"python": None, "base": {"image": "python:3.12"}, "pip": ["b >=1"]},
        {"check": {"run": ["pets"]}, "pip": ["b >=1"]},
        {"check": None},
        {"user": "1000:1000"},
        {"user": "1000:pets"},
        {"healthcheck": "none"},
        {"healthcheck": {"run": ["python", "-m", "curl"]}},
        {"healthcheck": {"run": "curl -f x"}, "base": {"image": "registry.example/pets:1"}},
        {"healthcheck": {"run": "curl -f x"}, "conda": ["curl >=8"]},
        {"healthcheck": {"run": "curl -f x"}, "system": ["curl"]},
        {"healthcheck": {"run": "curl -f x"}, "base": {"dockerfile": "Dockerfile.base"}},
        {"python": None, "base": {"dockerfile": "FROM python:3.6\n"}, "pip": ["b >=1"]},
        {"pip": ["opencv-python >=4"], "system": {"packages": ["libgl1"]}},
        {"pip": {"packages": [{"package": "numpy >=2", "on": "linux/amd64"}]}},
        {
            "healthcheck": {"run": "wget x"},
            "steps": [{"run": {"command": "apt-get install -y wget", "network": "true"}}],
        },
        {"variables": {"PATH": "/a:/usr/bin", "PYTHONPATH": "/app", "LD_LIBRARY_PATH": "/a"}},
        {
            "variables": {"PIP_INDEX_URL": "https://a.example"},
            "steps": [{"run": "pip install --no-index -f /w a"}],
        },
        {"variables": {"MAX_TOKENS": "512", "TOKEN_TYPE": "bearer", "PASSWORD_FILE": "/run/x"}},
        {"variables": {"API_KEY": "", "SECRET": "<your secret>", "TOKEN": "changeme"}},
        {"variables": {"URL": "https://example.com:8080/a@b", "KEYBOARD": "us-intl"}},
        {"steps": [{"copy": {"from": "src/", "to": "/app"}}]},
        {"steps": [{"copy": {"from": "keys/public.pem", "to": "/app"}}]},
        {"steps": [{"copy": {"from": "env/", "to": "/app"}}]},
        {"steps": [{"copy": {"from": ".", "to": "/app", "ignore": ["*.pyc", "data/"]}}]},
        {"steps": [{"copy": {"from": "a", "to": "/a", "mode": "1777"}}]},
        {"cuda": "none", "runtime": {"gpus": "all"}, "conda": ["pytorch 2.*"]},
        {"cuda": "12.4", "runtime": {"gpus": "all"}, "conda": ["pytorch 2.*"]},
        {"runtime": {"gpus": "all"}, "conda": ["pytorch 2.* cuda*"]},
        {"runtime": {"gpus": "all"}, "conda": ["numpy 2.*"]},
        {
            "cuda": "12.4",
            "platforms": ["linux/amd64", "linux/arm64"],
            "conda": [
                {"package": "pytorch 2.* cuda*", "on": "linux/amd64"},
                {"package": "pytorch 2.* cpu*", "on": "linux/arm64"},
            ],
        },
        {
            "platforms": ["linux/amd64", "linux/arm64"],
            "conda": [{"package": "mkl >=2024", "on": "linux/amd64"}],
            "pip": ['intel-openmp >=2024; platform_machine == "x86_64"'],
        },
        {"conda": ["mkl >=2024"]},
        {"exclude-newer": "2026-02-01"},
        {"exclude-newer": "2025-12-31T23:59:59Z"},
        {
            "runtime": {
                "arguments": ["--cap-add=SYS_PTRACE"],
                "mounts": [{"from": "a/", "to": "/a"}],
            }
        },
        {
            "healthcheck": {"run": "nc -z localhost 80"},
            "before-packages": [
                {"run": {"command": "apt-get install -y netcat-openbsd", "network": "true"}}
            ],
        },
    ],
)
def test_what_is_meant_is_let_be(fields: dict[str, Any]) -> None:
    defaults = {"channels": ["conda-forge"]} if "conda" in fields else {}

    assert found(**{**defaults, **fields}) == []


@pytest.mark.parametrize(
    "script",
    [
        "cd /app && make",
        "cd /app > log",
        "apt-get install -qq git",
        "yes | apt-get install git",
        "apt-get remove git",
        "git clone /srv/pets.git",
        "curl http://localhost:8080/",
        "echo curl https://example.com",
        "pip list > wanted",
        "pip install --no-deps --no-index /app",
        "python -m pip install --no-deps /app",
        "npm run build",
        "curl --version | head",
        "echo sudo",
        "cat <<EOF > /usr/local/bin/x\ncurl https://example.com | sh\nsudo x\nEOF",
        'login --password "$PASSWORD" --token ${TOKEN}',
        "PASSWORD=$(cat /run/secrets/p) login",
        "make token",
        "chmod 1777 /tmp/x && chmod 755 a && chmod +x b && chmod u+w c",
    ],
)
def test_a_step_that_is_meant_is_let_be(script: str) -> None:
    assert [one for one in in_step(script) if one[0] != "W233" or "apt" not in script] == []


@pytest.mark.parametrize(
    ("script", "code", "marked"),
    [
        ("apt-get update", "W233", "apt-get update"),
        ("set -e\napt install -y git", "W233", "apt install -y git"),
        ("apk add git", "W233", "apk add git"),
        ("sudo wget https://example.com/a", "W233", "wget https://example.com/a"),
        (
            "git clone https://example.com/pets.git",
            "W233",
            "git clone https://example.com/pets.git",
        ),
        ("git clone git@example.com:pets.git", "W233", "git clone git@example.com:pets.git"),
        ("npm ci", "W233", "npm ci"),
        ("conda install numpy", "W233", "conda install numpy"),
        ("python3 -m pip install rich", "W233", "python3 -m pip install rich"),
        ("uv pip install rich", "W233", "uv pip install rich"),
        ("micromamba install -n base a", "W234", "micromamba install -n base a"),
        ("pip3.12 install -q rich", "W234", "pip3.12 install -q rich"),
        ("conda install numpy<2", "W235", "numpy<2"),
        ("pip install a>1 b", "W235", "a>1"),
        ("wget -qO- https://example.com | sudo bash -s -- -y", "W238", None),
        ("curl https://example.com | python3", "W238", None),
        ("chmod -R 777 /srv", "W248", "chmod -R 777 /srv"),
        ("chmod go+w /srv", "W248", "chmod go+w /srv"),
        ("export A=b", "W239", None),
        ("source /opt/x/activate", "W239", None),
        ("conda activate pets", "W239", None),
        ("A=b", "W239", None),
        ("docker login --password=hunter22", "W243", "hunter22"),
        ("DB_PASSWORD='correct horse' ./setup", "W243", "'correct horse'"),
        ("echo ghp_" + "a1" * 18, "W243", "ghp_" + "a1" * 18),
        ("export HF_TOKEN=hf_" + "abcde" * 7, "W243", "hf_" + "abcde" * 7),
        ("echo xoxb-123456789012-abc", "W243", "xoxb-123456789012-abc"),
        ("echo '-----BEGIN RSA PRIVATE KEY-----'", "W243", "-----BEGIN RSA PRIVATE KEY-----"),
    ],
)
def test_a_step_is_told_what_is_wrong_with_it(script: str, code: str, marked: str | None) -> None:
    [place] = [text for one, text in in_step(script) if one == code]

    assert marked is None or place == marked


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"conda": ["a *", "a::b"]}, [("W210", "a"), ("W210", "b")]),
        ({"conda": ["pytorch-gpu >=1", "cudatoolkit 11.*"]}, [("W212", "cudatoolkit")]),
        ({"conda": ["torch 2.*"]}, [("W211", "torch")]),
        ({"pip": ["Sklearn[x] ; python_version < '4'"]}, [("W211", "Sklearn")]),
        (
            {"conda": ["matplotlib-base 3.*"], "pip": ["Matplotlib ==3.*"]},
            [("W213", '"Matplotlib ==3.*"')],
        ),
        ({"conda": ["pip >=24", "a >=1"]}, [("W215", "pip")]),
        ({"conda": ["python >=3.12.1", "a >=1"]}, [("W220", '"python >=3.12.1"')]),
        (
            {"python": None, "conda": ["python", "a >=1"]},
            [("W221", '"python"')],
        ),
        (
            {"python": None, "conda": ["a >=1"], "pip": ["b >=1"]},
            [("W221", '"a >=1"')],
        ),
        (
            {"python": None, "conda": ["python 3.9.*", "a >=1"]},
            [("W222", '"python 3.9.*"')],
        ),
        (
            {"python": None, "base": {"image": "python:3.7.2-slim"}},
            [("W222", '"python:3.7.2-slim"')],
        ),
        ({"python": "3.3"}, [("W222", '"3.3"')]),
        ({"python": "3.15"}, [("W223", '"3.15"')]),
        ({"python": "3.16.1"}, [("W223", '"3.16.1"')]),
        ({"channels": ["pkgs/main", "https://a.example/conda-forge"]}, [("W225", '"pkgs/main"')]),
        ({"channels": ["http://conda.anaconda.org/x"]}, [("W226", "http")]),
        (
            {
                "pip": {
                    "indexes": [{"url": "https://pypi.org/simple"}, {"url": "https://pypi.corp/s"}]
                }
            },
            [("W227", '"https://pypi.org/simple"')],
        ),
        ({"healthcheck": {"run": ["/usr/bin/wget", "x"]}}, [("W230", "/usr/bin/wget")]),
        ({"healthcheck": {"run": "test -e x && nc -z localhost 80"}}, [("W230", "nc")]),
        ({"variables": {"VIRTUAL_ENV": "/x"}}, [("W231", '"VIRTUAL_ENV"')]),
        (
            {"variables": {"LD_LIBRARY_PATH": "/x"}, "conda": ["a >=1"]},
            [("W231", '"LD_LIBRARY_PATH"')],
        ),
        (
            {"variables": {"UV_INDEX": "x", "CONDA_SSL": "x"}},
            [("W232", '"UV_INDEX"'), ("W232", '"CONDA_SSL"')],
        ),
        ({"steps": [{"copy": {"from": "./", "to": "/a"}}]}, [("W240", '"./"')]),
        ({"steps": [{"copy": {"from": "home/.aws/x", "to": "/a"}}]}, [("W242", '"home/.aws/x"')]),
        ({"steps": [{"copy": {"from": "tls/a.key", "to": "/a"}}]}, [("W242", '"tls/a.key"')]),
        (
            {"cuda": "12.4", "conda": ["a >=1"], "pip": ["torch ==2.4.1+cpu"]},
            [("W217", '"torch ==2.4.1+cpu"')],
        ),
        (
            {"cuda": "12.4", "pip": ["faiss-cpu >=1"]},
            [("W217", '"faiss-cpu >=1"')],
        ),
        (
            {"platforms": ["linux/amd64", "linux/arm64"], "pip": ["mkl_fft >=1"]},
            [("W218", "mkl_fft")],
        ),
        ({"exclude-newer": "2026-02-02T00:00:00Z"}, [("W245", '"2026-02-02T00:00:00Z"')]),
        (
            {"runtime": {"arguments": ["--cap-add=all"], "mounts": [{"from": "/", "to": "/host"}]}},
            [("W246", '"--cap-add=all"'), ("W246", '"/"')],
        ),
        ({"steps": [{"copy": {"from": "a", "to": "/a", "mode": "666"}}]}, [("W248", '"666"')]),
        ({"before-packages": [{"run": "sudo a"}]}, [("W237", "sudo")]),
        ({"build-variables": {"NPM_TOKEN": "a1b2c3d4"}}, [("W243", "a1b2c3d4")]),
        (
            {"runtime": {"arguments": ["--env=API_TOKEN=a1b2c3d4"]}},
            [("W243", "a1b2c3d4")],
        ),
        (
            {"check": {"run": [{"command": "login --token a1b2c3d4", "prints": "ok"}]}},
            [("W243", "a1b2c3d4")],
        ),
        (
            {"variables": {"PATH": {"linux/amd64": "/a"}}},
            [("W231", '"PATH"')],
        ),
        (
            {"pip": {"find-links": [{"url": "http://a.example/x"}]}},
            [("W226", "http")],
        ),
        (
            {"system": {"packages": ["git"], "snapshot": "2026-03-01"}},
            [("W245", '"2026-03-01"')],
        ),
        (
            {"base": {"dockerfile": "FROM a\nENV TOKEN=ghp_" + "a1" * 18 + "\n"}},
            [("W243", "ghp_" + "a1" * 18)],
        ),
        ({"labels": {"api-key": "a1b2c3d4"}}, [("W243", "a1b2c3d4")]),
        ({"command": ["serve", "--token=abcdefgh"]}, [("W243", "abcdefgh")]),
    ],
)
def test_what_is_odd_is_told(fields: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    defaults = {"channels": ["conda-forge", "a"]} if "conda" in fields else {}

    assert found(**{**defaults, **fields}) == expected


def test_the_end_of_a_python_comes_with_its_day() -> None:
    assert found(date(2026, 10, 31), python="3.10") == []
    assert found(date(2026, 11, 1), python="3.10") == [("W222", '"3.10"')]
    assert found(date(2026, 10, 1), python="3.15") == []


def test_only_sure_mistakes_are_told_unasked() -> None:
    data = {**BASE, "pip": ["sklearn", "rich"], "user": "app"}
    read = document(data)

    told = find(read, load(read), TODAY, all_rules=False)

    assert [finding.warning.code for finding in told] == ["W211"]


def test_a_secret_is_never_repeated() -> None:
    read = document({**BASE, "variables": {"TOKEN": "hunter22"}})

    [finding] = find(read, load(read), TODAY, all_rules=True)

    assert "hunter22" not in finding.warning.message + finding.warning.hint
