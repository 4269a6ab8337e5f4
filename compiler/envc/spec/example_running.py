"""Examples of how an image is checked and used: a table from fields to DSL and YAML."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["RUNNING"]

RUNNING: Mapping[str, tuple[str, str]] = {
    "check": (
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
    "check.run.command": (
        """
        check {
            run "python -m pets --version" prints "1.0"
        }
        """,
        """
        check:
          run:
            - {command: python -m pets --version, prints: "1.0"}
        """,
    ),
    "check.run.prints": (
        """
        check {
            run "python -m pets --version" prints "1.0"
        }
        """,
        """
        check:
          run:
            - {command: python -m pets --version, prints: "1.0"}
        """,
    ),
    "check.timeout": (
        """
        check {
            import pets
            timeout 30s
        }
        """,
        """
        check:
          import: [pets]
          timeout: 30s
        """,
    ),
    "check.allow-missing": (
        """
        check {
            import pets
            allow-missing libhsa-runtime64.so.1
        }
        """,
        """
        check:
          import: [pets]
          allow-missing: [libhsa-runtime64.so.1]
        """,
    ),
    "runtime": ("runtime { shm 2g, gpus all }", "runtime: {shm: 2g, gpus: all}"),
    "runtime.arguments": (
        'runtime { arguments ["--ipc=host"] }',
        'runtime: {arguments: ["--ipc=host"]}',
    ),
    "runtime.mounts": (
        """
        runtime {
            mount "data/" to "/data" read-only
        }
        """,
        """
        runtime:
          mounts:
            - {from: data/, to: /data, read-only: true}
        """,
    ),
    "serve": (
        'serve { entry "score.py", model "models/pets" }',
        "serve: {entry: score.py, model: models/pets}",
    ),
    "serve.port": (
        'serve { entry "score.py", port 8080 }',
        "serve: {entry: score.py, port: 8080}",
    ),
    "serve.workers": (
        'serve { entry "score.py", workers 2 }',
        "serve: {entry: score.py, workers: 2}",
    ),
    "train": (
        'train { script "train.py", arguments ["--epochs", "3"] }',
        'train: {script: train.py, arguments: ["--epochs", "3"]}',
    ),
    "train.source": (
        'train { script "train.py", source "src/" }',
        "train: {script: train.py, source: src/}",
    ),
}
"""In an order of meaning; each pair says the same."""
