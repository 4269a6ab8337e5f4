"""Examples of where packages come from: a table from fields to DSL and YAML."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PACKAGES"]

PACKAGES: Mapping[str, tuple[str, str]] = {
    "python": ("python 3.12", "python: 3.12"),
    "python.managed": (
        """
        base image "registry.example.com/miniconda:24.9"
        python managed no
        interpreter "/opt/miniconda/bin/python"
        """,
        """
        base: {image: "registry.example.com/miniconda:24.9"}
        python: {managed: no}
        interpreter: /opt/miniconda/bin/python
        """,
    ),
    "interpreter": (
        """
        base image "registry.example.com/miniconda:24.9"
        python managed no
        interpreter "/opt/miniconda/bin/python"
        """,
        """
        base: {image: "registry.example.com/miniconda:24.9"}
        python: {managed: no}
        interpreter: /opt/miniconda/bin/python
        """,
    ),
    "cuda": (
        "cuda 12.4",
        'cuda: "12.4"',
    ),
    "virtual-packages": (
        'virtual-packages { __glibc = "2.28", __archspec = "x86_64_v3" }',
        'virtual-packages: {__glibc: "2.28", __archspec: x86_64_v3}',
    ),
    "exclude-newer": (
        "exclude-newer 2026-01-31",
        "exclude-newer: 2026-01-31",
    ),
    "channels": ("channels conda-forge, bioconda", "channels: [conda-forge, bioconda]"),
    "channels.channel": (
        'channels "https://conda.example.com/pets" secret CONDA_TOKEN, conda-forge',
        """
        channels:
          - {channel: "https://conda.example.com/pets", secret: CONDA_TOKEN}
          - conda-forge
        """,
    ),
    "channels.secret": (
        'channels "https://conda.example.com/pets" secret CONDA_TOKEN',
        'channels: [{channel: "https://conda.example.com/pets", secret: CONDA_TOKEN}]',
    ),
    "channel-priority": (
        "channel-priority disabled",
        "channel-priority: disabled",
    ),
    "distributions": (
        """
        conda {
            pytorch-gpu
        }
        distributions { pytorch-gpu = "torch" }
        """,
        """
        conda:
          - pytorch-gpu
        distributions: {pytorch-gpu: torch}
        """,
    ),
    "conda": (
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
    "conda.packages": (
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
    "conda.packages.package": (
        """
        platforms linux/amd64, linux/arm64
        conda {
            numpy >=1.26
            mkl  on linux/amd64
        }
        """,
        """
        platforms: [linux/amd64, linux/arm64]
        conda:
          packages:
            - {package: numpy >=1.26}
            - {package: mkl, on: linux/amd64}
        """,
    ),
    "conda.packages.on": (
        """
        platforms linux/amd64, linux/arm64
        conda {
            numpy >=1.26
            mkl  on linux/amd64
        }
        """,
        """
        platforms: [linux/amd64, linux/arm64]
        conda:
          packages:
            - numpy >=1.26
            - {package: mkl, on: linux/amd64}
        """,
    ),
    "conda.constraints": (
        """
        conda {
            pandas
            constraint "numpy <3"
        }
        """,
        """
        conda:
          packages: [pandas]
          constraints: [numpy <3]
        """,
    ),
    "pip": (
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
    "pip.indexes": (
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
    "pip.find-links": (
        """
        pip {
            find-links "wheels/"
            rich ==14.*
        }
        """,
        """
        pip:
          find-links: [{path: wheels/}]
          packages: [rich ==14.*]
        """,
    ),
    "pip.find-links.url": (
        """
        pip {
            find-links "https://wheels.example.com/torch.html" secret WHEELS_TOKEN
            torch ==2.4.*
        }
        """,
        """
        pip:
          find-links:
            - {url: https://wheels.example.com/torch.html, secret: WHEELS_TOKEN}
          packages: [torch ==2.4.*]
        """,
    ),
    "pip.find-links.secret": (
        """
        pip {
            find-links "https://wheels.example.com/torch.html" secret WHEELS_TOKEN
            torch ==2.4.*
        }
        """,
        """
        pip:
          find-links:
            - {url: https://wheels.example.com/torch.html, secret: WHEELS_TOKEN}
          packages: [torch ==2.4.*]
        """,
    ),
    "pip.packages": (
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
    "pip.wheels": (
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
    "pip.wheels.on": (
        """
        pip {
            wheel "dist/pets-1.0-py3-none-any.whl" on linux/amd64
        }
        """,
        """
        pip:
          wheels:
            - {wheel: dist/pets-1.0-py3-none-any.whl, on: linux/amd64}
        """,
    ),
    "pip.wheels.wheel": (
        """
        pip {
            wheel "dist/pets-1.0-py3-none-any.whl" on linux/amd64
        }
        """,
        """
        pip:
          wheels:
            - {wheel: dist/pets-1.0-py3-none-any.whl, on: linux/amd64}
        """,
    ),
    "pip.sources": (
        """
        pip {
            source "libs/pets"
        }
        """,
        """
        pip:
          sources: [libs/pets]
        """,
    ),
    "pip.sources.source": (
        """
        pip {
            source "libs/pets" on linux/amd64
        }
        """,
        """
        pip:
          sources:
            - {source: libs/pets, on: linux/amd64}
        """,
    ),
    "pip.sources.on": (
        """
        pip {
            source "libs/pets" on linux/amd64
        }
        """,
        """
        pip:
          sources:
            - {source: libs/pets, on: linux/amd64}
        """,
    ),
    "pip.sdists": (
        """
        pip {
            sdist "antlr4-python3-runtime"
            hydra-core ==1.3.*
        }
        """,
        """
        pip:
          sdists: [antlr4-python3-runtime]
          packages: [hydra-core ==1.3.*]
        """,
    ),
    "pip.constraints": (
        """
        pip {
            pandas ==2.*
            constraint "numpy <3"
        }
        """,
        """
        pip:
          packages: [pandas ==2.*]
          constraints: [numpy <3]
        """,
    ),
    "pip.overrides": (
        """
        pip {
            onnx ==1.*
            override "protobuf ==4.*"
        }
        """,
        """
        pip:
          packages: [onnx ==1.*]
          overrides: [protobuf ==4.*]
        """,
    ),
    "system": ("system { git, libfuse-dev }", "system: [git, libfuse-dev]"),
    "system.packages": (
        "system { git, libfuse-dev=3.10.5-1 }",
        """
        system:
          packages: [git, libfuse-dev=3.10.5-1]
        """,
    ),
    "system.packages.package": (
        "system { libfuse-dev=3.10.5-1 on linux/amd64 }",
        """
        system:
          packages:
            - {package: libfuse-dev=3.10.5-1, on: linux/amd64}
        """,
    ),
    "system.packages.on": (
        "system { libfuse-dev=3.10.5-1 on linux/amd64 }",
        """
        system:
          packages:
            - {package: libfuse-dev=3.10.5-1, on: linux/amd64}
        """,
    ),
    "system.snapshot": (
        """
        system {
            git
            snapshot "2026-01-31"
        }
        """,
        """
        system:
          packages: [git]
          snapshot: 2026-01-31
        """,
    ),
}
"""In an order of meaning; each pair says the same."""
