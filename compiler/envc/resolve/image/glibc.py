"""An image's name and labels in; the version of glibc that its distribution ships, out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from envc.reference import ImageReference

__all__ = ["look_up_glibc"]

# What the distributions ship: https://sources.debian.org/src/glibc/, https://launchpad.net/ubuntu/+source/glibc,
# https://pkgs.org/download/glibc.
_GLIBC_OF_TAG = (
    (re.compile(r"\btrixie\b"), "2.41"),
    (re.compile(r"\bbookworm\b"), "2.36"),
    (re.compile(r"\bbullseye\b"), "2.31"),
    (re.compile(r"\bbuster\b"), "2.28"),
    (re.compile(r"\b(?:ubuntu[-]?24\.04|noble)\b"), "2.39"),
    (re.compile(r"\b(?:ubuntu[-]?22\.04|jammy)\b"), "2.35"),
    (re.compile(r"\b(?:ubuntu[-]?20\.04|focal)\b"), "2.31"),
    (re.compile(r"\b(?:ubi9|ubi-?9|rockylinux9|el9)\b"), "2.34"),
    (re.compile(r"\b(?:ubi8|ubi-?8|rockylinux8|el8)\b"), "2.28"),
)
_GLIBC_OF_IMAGE = {
    "debian": {"13": "2.41", "12": "2.36", "11": "2.31", "10": "2.28"},
    "ubuntu": {"24.04": "2.39", "22.04": "2.35", "20.04": "2.31"},
    "rockylinux": {"9": "2.34", "8": "2.28"},
    "almalinux": {"9": "2.34", "8": "2.28"},
    "amazonlinux": {"2023": "2.34", "2": "2.26"},
}


def look_up_glibc(reference: ImageReference, labels: Mapping[str, str]) -> str | None:
    """Return the glibc that an image has by its tag, its labels and its name; None if they say nothing.

    >>> look_up_glibc(ImageReference.parse("debian:12.5-slim"), {})
    '2.36'
    """
    tag = reference.tag or ""
    for pattern, glibc in _GLIBC_OF_TAG:
        if pattern.search(tag):
            return glibc
    # Ubuntu's images, and those made from them, say so in labels.
    name = labels.get("org.opencontainers.image.ref.name")
    stated = labels.get("org.opencontainers.image.version", "")
    if name in _GLIBC_OF_IMAGE and stated in _GLIBC_OF_IMAGE[name]:
        return _GLIBC_OF_IMAGE[name][stated]
    known = _GLIBC_OF_IMAGE.get(reference.repository.rpartition("/")[2], {})
    release = re.match(r"\d+(?:\.\d+)?", tag)
    if release is None:
        return None
    return known.get(release[0]) or known.get(release[0].partition(".")[0])
