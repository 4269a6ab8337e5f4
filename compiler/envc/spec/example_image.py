"""Examples of what an image is made of: a table from fields to DSL and YAML."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["IMAGE"]

IMAGE: Mapping[str, tuple[str, str]] = {
    "environment": ("environment pets", "environment: pets"),
    "extends": ('extends "team/base.envc"', "extends: team/base.envc"),
    "include": (
        'include "team/proxy.envc", "extra.yaml"',
        "include: [team/proxy.envc, extra.yaml]",
    ),
    "params": (
        """
        param cuda = "12.4"
        cuda ${{ cuda }}
        """,
        """
        params: {cuda: "12.4"}
        cuda: ${{ cuda }}
        """,
    ),
    "params.required": (
        """
        param release
        labels { org.opencontainers.image.version = "${{ release }}" }
        """,
        """
        params: {release: {required: true}}
        labels: {org.opencontainers.image.version: "${{ release }}"}
        """,
    ),
    "matrix": (
        """
        param cuda
        cuda ${{ cuda }}
        matrix {
            cpu { cuda = "none" }
            gpu { cuda = "12.4" }
        }
        """,
        """
        params: {cuda: {required: true}}
        cuda: ${{ cuda }}
        matrix: {cpu: {cuda: none}, gpu: {cuda: "12.4"}}
        """,
    ),
    "base": ('base image "debian:bookworm-slim"', 'base: {image: "debian:bookworm-slim"}'),
    "base.registry": (
        """
        base image "pets/base:1.0"
        base registry "registry.example.com"
        """,
        """
        base:
          image: pets/base:1.0
          registry: registry.example.com
        """,
    ),
    "base.dockerfile": (
        'base dockerfile "Dockerfile.base"',
        "base: {dockerfile: Dockerfile.base}",
    ),
    "base.context": (
        """
        base dockerfile "Dockerfile.base"
        base context "docker/"
        """,
        "base: {dockerfile: Dockerfile.base, context: docker/}",
    ),
    "base.target": (
        """
        base dockerfile "Dockerfile.base"
        base target runtime
        """,
        "base: {dockerfile: Dockerfile.base, target: runtime}",
    ),
    "platforms": ("platforms linux/amd64, linux/arm64", "platforms: [linux/amd64, linux/arm64]"),
    "variables": ('variables { OMP_NUM_THREADS = "4" }', 'variables: {OMP_NUM_THREADS: "4"}'),
    "build-variables": (
        'build-variables { PIP_NO_INPUT = "1" }',
        'build-variables: {PIP_NO_INPUT: "1"}',
    ),
    "before-packages": (
        """
        before packages {
            run "groupadd -r pets"
        }
        """,
        """
        before-packages:
          - run: groupadd -r pets
        """,
    ),
    "steps": (
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
    "steps.copy": (
        'copy "src/" to "/app"',
        """
        steps:
          - copy: {from: src/, to: /app}
        """,
    ),
    "steps.copy.owner": (
        'copy "src/" to "/app" owner 1000:1000',
        """
        steps:
          - copy: {from: src/, to: /app, owner: "1000:1000"}
        """,
    ),
    "steps.copy.mode": (
        'copy "src/" to "/app" mode 0640',
        """
        steps:
          - copy: {from: src/, to: /app, mode: "0640"}
        """,
    ),
    "steps.copy.ignore": (
        'copy "src/" to "/app" ignore ["*.pyc", "tests/"]',
        """
        steps:
          - copy: {from: src/, to: /app, ignore: ["*.pyc", tests/]}
        """,
    ),
    "steps.run": (
        'run "python -m compileall -q /app"',
        """
        steps:
          - run: python -m compileall -q /app
        """,
    ),
    "steps.run.command": (
        'run "python -m compileall -q /app"',
        """
        steps:
          - run: {command: python -m compileall -q /app}
        """,
    ),
    "steps.run.network": (
        'run "python -m pets fetch /app/data" network',
        """
        steps:
          - run: {command: python -m pets fetch /app/data, network: true}
        """,
    ),
    "steps.on": (
        'run "python -m pets warm-up" on linux/amd64',
        """
        steps:
          - {run: python -m pets warm-up, on: linux/amd64}
        """,
    ),
    "user": ("user 1000", "user: 1000"),
    "workdir": ('workdir "/app"', "workdir: /app"),
    "entrypoint": ('entrypoint ["/usr/bin/tini", "--"]', 'entrypoint: [/usr/bin/tini, "--"]'),
    "command": ('command ["python", "train.py"]', "command: [python, train.py]"),
    "labels": (
        'labels { org.opencontainers.image.title = "Pets" }',
        "labels: {org.opencontainers.image.title: Pets}",
    ),
    "ports": ("ports 8080, 9000/udp", "ports: [8080, 9000/udp]"),
    "volumes": ('volumes "/data"', "volumes: [/data]"),
    "healthcheck": (
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
    "stopsignal": ("stopsignal SIGINT", "stopsignal: SIGINT"),
    "layers": ("layers 20", "layers: 20"),
}
"""In an order of meaning; each pair says the same."""
