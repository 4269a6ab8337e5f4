"""How an image says which environment it is: its labels and its tag."""

from __future__ import annotations

__all__ = ["CONTRACT", "CONTRACT_LABEL", "CUDA_LABEL", "ENV_ID_LABEL", "tag"]

CONTRACT = 6
"""The version of what an env id promises: changes whenever the same inputs would give other layers
or another config."""

ENV_ID_LABEL = "dev.envc.env-id"
CONTRACT_LABEL = "dev.envc.contract"
CUDA_LABEL = "dev.envc.cuda"
"""The CUDA version that the environment was made for, where its spec names one."""


def tag(env_id: str) -> str:
    """Return the image tag of an env id: its first 32 hex digits.

    >>> tag("sha256:" + "0123456789abcdef" * 4)
    '0123456789abcdef0123456789abcdef'
    """
    return env_id.removeprefix("sha256:")[:32]
