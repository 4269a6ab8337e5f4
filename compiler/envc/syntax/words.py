"""What the words of the DSL mean: a table from names to the form of what follows them."""

from __future__ import annotations

from collections.abc import Mapping

from envc.syntax.form import (
    Entries,
    Fields,
    Form,
    Groups,
    Listed,
    Option,
    Pairs,
    Param,
    Phrase,
    Source,
    Step,
    Steps,
    Strings,
    Text,
    Value,
    Values,
)

__all__ = ["STATEMENTS"]

_ON = {"on": Option(kind="platform", example="on linux/amd64")}
_STEPS: Mapping[str, Step] = {
    "copy": Step(
        example='copy "src/" to "/app"',
        phrase=Phrase(
            names=("from", "to"),
            options={
                "owner": Option(kind="value", example="owner 1000:1000"),
                "mode": Option(kind="value", example="mode 0644"),
                "ignore": Option(kind="array", example='ignore ["*.pyc", "tests/"]'),
                **_ON,
            },
        ),
    ),
    "run": Step(
        example='run "make install"',
        phrase=Phrase(
            names=("command",),
            options={"network": Option(kind="flag", example="network"), **_ON},
        ),
    ),
}
_CONSTRAINT = Source(key="constraints", example='constraint "numpy <2"')

STATEMENTS: Mapping[str, Form] = {
    "environment": Value(example="environment pets"),
    "extends": Value(example='extends "team/base.envc"'),
    "include": Values(example='include "common/tools.envc"', repeatable=True, is_string=True),
    "param": Param(example='param cuda = "12.4"', key="params"),
    "base": Fields(
        example='base image "debian:bookworm-slim"',
        words={
            "image": Value(example='image "debian:bookworm-slim"'),
            "registry": Value(example='registry "registry.example.com"'),
            "dockerfile": Value(example='dockerfile "Dockerfile.base"'),
            "context": Value(example='context "docker/"'),
            "target": Value(example="target runtime"),
        },
        inline=True,
    ),
    "platforms": Values(example="platforms linux/amd64, linux/arm64"),
    "python": Text(example="python 3.12", words={"managed": Value(example="managed no")}),
    "interpreter": Value(example='interpreter "/opt/miniconda/bin/python"'),
    "cuda": Value(example="cuda 12.4"),
    "virtual-packages": Pairs(example='virtual-packages { __glibc = "2.28" }'),
    "exclude-newer": Value(example="exclude-newer 2026-01-31"),
    "channels": Values(example="channels conda-forge, bioconda", part="channel"),
    "channel-priority": Value(example="channel-priority disabled"),
    "distributions": Pairs(example='distributions { pytorch-gpu = "torch" }'),
    "conda": Entries(
        example="conda { numpy >=1.26,<2 }",
        has_builds=True,
        sources={"constraint": _CONSTRAINT},
    ),
    "pip": Entries(
        example="pip { requests >=2.32 }",
        sources={
            "index": Source(
                key="indexes",
                example='index "https://example.com/simple" secret NAME',
                names=("url",),
                has_secret=True,
            ),
            "find-links": Source(
                key="find-links",
                example='find-links "https://example.com/wheels/" secret NAME',
                names=("url", "path"),
                has_secret=True,
            ),
            "wheel": Source(
                key="wheels", example='wheel "dist/pets-1.0-py3-none-any.whl"', part="wheel"
            ),
            "source": Source(key="sources", example='source "libs/pets"', part="source"),
            "sdist": Source(key="sdists", example='sdist "antlr4-python3-runtime"'),
            "constraint": _CONSTRAINT,
            "override": Source(key="overrides", example='override "protobuf ==4.*"'),
        },
    ),
    "system": Entries(
        example="system { git, libfuse-dev }",
        has_versions=False,
        sources={
            "snapshot": Source(key="snapshot", example='snapshot "2026-01-31"', is_single=True)
        },
    ),
    "variables": Pairs(example='variables { OMP_NUM_THREADS = "4" }', has_platforms=True),
    "build-variables": Pairs(example='build-variables { MAX_JOBS = "4" }', has_platforms=True),
    "before": Steps(
        example='before packages { run "groupadd -r pets" }',
        key="before-packages",
        after="packages",
        words=_STEPS,
    ),
    **_STEPS,
    "user": Value(example="user 1000"),
    "workdir": Value(example='workdir "/app"'),
    "entrypoint": Strings(example='entrypoint ["/usr/bin/tini", "--"]'),
    "command": Strings(example='command ["python", "train.py"]'),
    "labels": Pairs(example='labels { org.opencontainers.image.title = "Pets" }'),
    "ports": Values(example="ports 8080, 9000/udp"),
    "volumes": Values(example='volumes "/data"'),
    "healthcheck": Fields(
        example='healthcheck { run "curl -f http://localhost/", interval 30s }',
        words={
            "run": Value(example='run "curl -f http://localhost/"', may_be_array=True),
            "interval": Value(example="interval 30s"),
            "timeout": Value(example="timeout 5s"),
            "start": Value(example="start 10s"),
            "retries": Value(example="retries 3"),
        },
        instead="none",
    ),
    "stopsignal": Value(example="stopsignal SIGINT"),
    "layers": Value(example="layers 20"),
    "check": Fields(
        example='check { import numpy, run "python --version" }',
        words={
            "import": Values(example="import numpy, pandas", repeatable=True),
            "run": Listed(
                example='run "python --version"',
                key="run",
                phrase=Phrase(
                    names=("command",),
                    options={"prints": Option(kind="string", example='prints "Python 3.12"')},
                ),
            ),
            "timeout": Value(example="timeout 30s"),
            "allow-missing": Values(example="allow-missing libhsa-runtime64.so.1", repeatable=True),
        },
    ),
    "runtime": Fields(
        example="runtime { shm 2g, gpus all }",
        words={
            "shm": Value(example="shm 2g"),
            "gpus": Value(example="gpus all"),
            "arguments": Strings(example='arguments ["--ipc=host"]'),
            "mount": Listed(
                example='mount "data/" to "/data" read-only',
                key="mounts",
                phrase=Phrase(
                    names=("from", "to"),
                    options={"read-only": Option(kind="flag", example="read-only")},
                ),
            ),
        },
    ),
    "serve": Fields(
        example='serve { entry "score.py", model "models/pets" }',
        words={
            "entry": Value(example='entry "score.py"'),
            "model": Value(example='model "models/pets"'),
            "port": Value(example="port 8080"),
            "workers": Value(example="workers 2"),
        },
    ),
    "train": Fields(
        example='train { script "train.py" }',
        words={
            "script": Value(example='script "train.py"'),
            "arguments": Strings(example='arguments ["--epochs", "3"]'),
            "source": Value(example='source "src/"'),
        },
    ),
    "matrix": Groups(example='matrix { gpu { cuda = "12.4" } }'),
}
