"""Whole specs as data of the YAML form, every scalar as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["WRITTEN"]

WRITTEN: Mapping[str, Mapping[str, Any]] = {
    "conda": {
        "platforms": ["linux/arm64", "linux/amd64"],
        "conda": {
            "packages": [
                "NumPy>=1.26, <3",
                {"package": "mkl", "on": "linux/amd64"},
                {"package": "openblas", "on": "linux/amd64"},
                {"package": "openblas", "on": "linux/arm64"},
                "python_abi=3.12=*_cp312",
            ],
            "constraints": ["libblas * *openblas", "Blas=1.0"],
        },
        "cuda": "12.4",
        "virtual-packages": {"__glibc": "2.28"},
        "channels": [
            "defaults",
            "bioconda",
            {"channel": "https://Conda.Example.com/pets/", "secret": "TOK"},
        ],
        "channel-priority": "disabled",
        "exclude-newer": "2026-01-31T12:00:00.25+02:00",
        "distributions": {"mkl": "Intel_MKL", "numpy": "none"},
        "variables": {
            "A": {"linux/amd64": "x", "linux/arm64": "x"},
            "B": {"linux/amd64": "y"},
            "C": "",
        },
    },
    "pip": {
        "python": "3.12",
        "pip": {
            "indexes": [
                {"url": "HTTPS://Example.com/Simple/", "secret": "T"},
                {"url": "https://pypi.org/simple/"},
            ],
            "packages": [
                "Rich[Jupyter] == 14.*",
                "tomli>=2;python_version<'3.11' and (os_name=='nt' or extra=='X_y')",
                "toys @ https://example.com/toys-1.0.tar.gz",
            ],
            "find-links": [{"path": "wheels/"}, {"url": "https://Example.com/x/"}],
            "constraints": ["NumPy <2"],
            "overrides": ["Protobuf == 4.*"],
            "sdists": ["Antlr4_python3.runtime"],
            "sources": ["libs/./pets/"],
            "wheels": ["./dist/../dist/pets-1.0-py3-none-any.whl"],
        },
        "system": {"packages": ["git", "libfuse-dev=3.10.5-1"], "snapshot": "2026-01-31"},
        "healthcheck": {"run": "curl -f x\n", "interval": "90s"},
        "ports": ["9000/udp", "8080/tcp", "80"],
        "volumes": ["/data/", "/a//b"],
        "stopsignal": "SIGINT",
        "labels": {"a.b": "x y"},
        "user": "100:200",
        "workdir": "/app/",
        "entrypoint": ["/usr/bin/tini", "--"],
    },
    "steps-and-running": {
        "pip": ["flask ==3.*"],
        "build-variables": {"MAKEFLAGS": "-j4"},
        "before-packages": [{"run": "groupadd pets\n"}],
        "steps": [
            {
                "copy": {
                    "from": "./src/",
                    "to": "/app/",
                    "owner": "10",
                    "mode": "644",
                    "ignore": ["*.pyc", "tests/", "*.pyc"],
                }
            },
            {"run": {"command": "\na\n\nb\n\n", "network": "yes"}},
            {"run": "c  ", "on": "linux/amd64"},
        ],
        "check": {
            "import": ["sklearn", "pets"],
            "run": ["x\n", {"command": "python", "prints": " 1.0 "}],
            "timeout": "10m",
            "allow-missing": ["libb.so.1", "liba.so.1"],
        },
        "runtime": {
            "shm": "2048m",
            "gpus": "2",
            "arguments": ["--ipc=host", "--init"],
            "mounts": [
                {"from": "data/", "to": "/data/", "read-only": "true"},
                {"from": "vol", "to": "/a"},
                {"from": "/abs//x", "to": "/c"},
            ],
        },
        "serve": {"entry": "./score.py", "model": "models/pets/", "port": "8080", "workers": "2"},
        "train": {"script": "./train.py", "arguments": ["--epochs", "3"], "source": "src/"},
    },
    "dockerfile-and-own-python": {
        "base": {"dockerfile": "./Dockerfile.base", "context": "./docker/", "target": "Runtime"},
        "python": {"managed": "no"},
        "interpreter": "/opt/x/bin/python",
        "command": ["a"],
        "healthcheck": "none",
    },
    "dockerfile-text": {
        "base": {"dockerfile": "FROM debian:bookworm\nRUN true\n"},
        "conda": [],
        "pip": [],
        "variables": {"X": "a b"},
        "labels": {"X": "a b"},
        "steps": [{"run": "a\r\nb"}],
    },
    "one-platform": {
        "platforms": ["linux/amd64", "linux/arm64"],
        "cuda": "12.4",
        "conda": [{"package": "mkl", "on": "linux/amd64"}],
        "steps": [{"run": "a", "on": "linux/amd64"}, {"run": "b", "on": "linux/arm64"}],
        "system": [
            {"package": "git", "on": "linux/amd64"},
            {"package": "git", "on": "linux/arm64"},
        ],
        "variables": {"V": {"linux/amd64": "1", "linux/arm64": "2"}},
    },
    "registry-and-matchspecs": {
        "base": {"image": "pets/base", "registry": "registry.example.com"},
        "python": "3.12.7",
        "conda": [
            "conda-forge::Numpy >=1.26",
            "pytorch[version='>=2', build=cuda*]",
            "a=1.2.*",
            "b 1.2|1.3",
            "c ~=1.4",
            "e >=1.0 , !=1.2 py*",
        ],
        "runtime": {"shm": "1073741824", "gpus": "all"},
    },
    "requirements-and-checks": {
        "base": {"image": "debian", "registry": "docker.io"},
        "python": "3.12",
        "virtual-packages": {"__cuda": "12.0", "__glibc": "2.36"},
        "pip": [
            "a;python_full_version>='3.8'",
            "B.c (>=1,<2)",
            "x[b,a]",
            "d ~= 1.0.0 ; platform_machine=='x86_64'",
            "e @ git+https://github.com/x/e.git@v1#egg=e",
        ],
        "check": {"timeout": "1m30s"},
        "healthcheck": {"run": ["a", "b"], "retries": "2", "start": "1500ms"},
        "user": "root",
        "ports": ["80/tcp"],
    },
    "characters-and-path": {
        "base": {"image": "localhost/pets"},
        "pip": ["rich"],
        "variables": {"PATH": "/x", "UNI": "ä😀\x7f"},
        "channels": ["conda-forge/label/dev", "conda-forge"],
        "stopsignal": "SIGKILL",
        "layers": "20",
        "user": "1000",
    },
    "pages": {
        "pip": {
            "packages": ["Rich"],
            "find-links": [
                {"url": "https://a.example/x/"},
                {"path": "b"},
                {"path": "b c"},
                {"path": "b-x"},
            ],
            "indexes": [{"url": "https://u.example:443/s//"}],
        },
        "system": ["git=1:2.3"],
        "exclude-newer": "2026-01-31T12:00:00Z",
    },
}
