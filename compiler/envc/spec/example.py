"""How each field is written: a table from fields to the same example in both forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import dedent

__all__ = ["EXAMPLES", "Example"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A part of a spec, without an end of line: with an `environment` it is a whole one."""

    dsl: str
    yaml: str


def _example(dsl: str, yaml: str) -> Example:
    return Example(dsl=dedent(dsl).strip(), yaml=dedent(yaml).strip())


EXAMPLES: Mapping[str, Example] = {
    "environment": _example("environment pets", "environment: pets"),
    "base": _example('base image "debian:bookworm-slim"', 'base: {image: "debian:bookworm-slim"}'),
    "platforms": _example(
        "platforms linux/amd64, linux/arm64", "platforms: [linux/amd64, linux/arm64]"
    ),
    "python": _example("python 3.12", "python: 3.12"),
    "channels": _example("channels conda-forge, bioconda", "channels: [conda-forge, bioconda]"),
    "conda": _example(
        """
        conda {
            numpy >=1.26,<3
        }
        """,
        """
        conda:
          - numpy >=1.26,<3
        """,
    ),
    "conda.packages": _example(
        """
        conda {
            numpy >=1.26,<3
        }
        """,
        """
        conda:
          packages:
            - numpy >=1.26,<3
        """,
    ),
    "pip": _example(
        """
        pip {
            rich ==14.*
        }
        """,
        """
        pip:
          - rich ==14.*
        """,
    ),
    "pip.indexes": _example(
        """
        pip {
            index "https://pypi.example.com/simple" secret PYPI_TOKEN
            rich ==14.*
        }
        """,
        """
        pip:
          indexes:
            - {url: https://pypi.example.com/simple, secret: PYPI_TOKEN}
          packages: [rich ==14.*]
        """,
    ),
    "pip.packages": _example(
        """
        pip {
            rich ==14.*
            tomli >=2 ; python_version < "3.11"
        }
        """,
        """
        pip:
          packages:
            - rich ==14.*
            - tomli >=2 ; python_version < "3.11"
        """,
    ),
    "pip.wheels": _example(
        """
        pip {
            wheel "dist/pets-1.0-py3-none-any.whl"
        }
        """,
        """
        pip:
          wheels: [dist/pets-1.0-py3-none-any.whl]
        """,
    ),
    "system": _example("system { git, libfuse-dev }", "system: [git, libfuse-dev]"),
    "variables": _example(
        'variables { OMP_NUM_THREADS = "4" }', 'variables: {OMP_NUM_THREADS: "4"}'
    ),
    "steps": _example(
        """
        copy "src/" to "/app"
        run "python -m compileall -q /app"
        """,
        """
        steps:
          - copy: {from: src/, to: /app}
          - run: python -m compileall -q /app
        """,
    ),
    "steps.copy": _example(
        'copy "src/" to "/app"',
        """
        steps:
          - copy: {from: src/, to: /app}
        """,
    ),
    "steps.run": _example(
        'run "python -m compileall -q /app"',
        """
        steps:
          - run: python -m compileall -q /app
        """,
    ),
    "steps.run.command": _example(
        'run "python -m compileall -q /app"',
        """
        steps:
          - run: {command: python -m compileall -q /app}
        """,
    ),
    "steps.run.network": _example(
        'run "python -m pets fetch /app/data" network',
        """
        steps:
          - run: {command: python -m pets fetch /app/data, network: true}
        """,
    ),
    "user": _example("user 1000", "user: 1000"),
    "workdir": _example('workdir "/app"', "workdir: /app"),
    "entrypoint": _example(
        'entrypoint ["/usr/bin/tini", "--"]', 'entrypoint: [/usr/bin/tini, "--"]'
    ),
    "command": _example('command ["python", "train.py"]', "command: [python, train.py]"),
    "labels": _example(
        'labels { org.opencontainers.image.title = "Pets" }',
        "labels: {org.opencontainers.image.title: Pets}",
    ),
    "ports": _example("ports 8080, 9000/udp", "ports: [8080, 9000/udp]"),
    "volumes": _example('volumes "/data"', "volumes: [/data]"),
    "healthcheck": _example(
        """
        healthcheck {
            run "curl -f http://localhost/"
            interval 1m
            timeout 5s
            start 10s
            retries 5
        }
        """,
        """
        healthcheck:
          run: curl -f http://localhost/
          interval: 1m
          timeout: 5s
          start: 10s
          retries: 5
        """,
    ),
    "stopsignal": _example("stopsignal SIGINT", "stopsignal: SIGINT"),
    "check": _example(
        """
        check {
            import numpy, pets
            run "python -m pets --version"
        }
        """,
        """
        check:
          import: [numpy, pets]
          run: [python -m pets --version]
        """,
    ),
    "runtime": _example("runtime { shm 2g, gpus all }", "runtime: {shm: 2g, gpus: all}"),
    "serve": _example(
        'serve { entry "score.py", model "models/pets" }',
        "serve: {entry: score.py, model: models/pets}",
    ),
}
"""A field that has no row is shown in the example of the block that it is in."""
