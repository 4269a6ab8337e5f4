"""Image references: what a user writes becomes registry, repository, tag and digest."""

from __future__ import annotations

import re

from envc.frozen import frozen

__all__ = ["ImageReference", "names_registry"]

# The grammar is that of https://pkg.go.dev/github.com/distribution/reference, the normal form is
# Docker's: no registry means docker.io, no namespace there means library.
_COMPONENT = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_REGISTRY = re.compile(rf"(?:{_COMPONENT}(?:\.{_COMPONENT})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_REPOSITORY = re.compile(
    r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*"
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_IMAGE_ID = re.compile(r"[0-9a-f]{64}")
_REPOSITORY_MAX = 255

_DOCKER_HUB, _LEGACY_DOCKER_HUB, _OFFICIAL = "docker.io", "index.docker.io", "library/"


@frozen
class ImageReference:
    """A whole image reference; at least one of `tag` and `digest` is there.

    Attributes:
        registry: A host, with a port where one is given: `docker.io`, `localhost:5000`.
        repository: The path in it: `library/python`.
        tag: Such as `3.12-slim`; None where only a digest is given.
        digest: `sha256:` and 64 hex digits, or None.
    """

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @staticmethod
    def parse(text: str) -> ImageReference:
        """Return what a reference means to Docker; without a tag and a digest the tag is `latest`.

        >>> str(ImageReference.parse("python:3.12-slim"))
        'docker.io/library/python:3.12-slim'
        >>> str(ImageReference.parse("localhost:5000/pets"))
        'localhost:5000/pets:latest'

        Raises:
            ValueError: It is none; the message says why, in lower case.
        """
        name, at, digest = text.partition("@")
        if at and not _DIGEST.fullmatch(digest):
            raise ValueError(_explain_digest(name, digest))
        if _IMAGE_ID.fullmatch(name):
            raise ValueError("64 hex digits are an image's id, not its name")
        registry, rest = _split_registry(name)
        repository, colon, tag = rest.partition(":")
        if colon and not _TAG.fullmatch(tag):
            raise ValueError(f"`{tag}` is not a tag" if tag else "the tag after `:` is missing")
        _check_names(registry, repository)
        return ImageReference(
            registry=registry,
            repository=repository,
            tag=tag if colon else None if at else "latest",
            digest=digest if at else None,
        )

    @property
    def canonical(self) -> str:
        """The whole name with its tag, where it has one, and without a digest."""
        return f"{self.registry}/{self.repository}{self._tag_part}"

    @property
    def familiar(self) -> str:
        """The shortest text that means the same to Docker.

        >>> ImageReference.parse("docker.io/library/python:3.12").familiar
        'python:3.12'
        """
        whole = (self.registry, self.repository)
        candidates = (self.repository.removeprefix(_OFFICIAL), self.repository)
        name = next(
            (
                name
                for name in candidates
                if _split_registry(name) == whole and not _IMAGE_ID.fullmatch(name)
            ),
            "/".join(whole),
        )
        return f"{name}{self._tag_part}{self._digest_part}"

    @property
    def _tag_part(self) -> str:
        return f":{self.tag}" if self.tag is not None else ""

    @property
    def _digest_part(self) -> str:
        return f"@{self.digest}" if self.digest is not None else ""

    def __str__(self) -> str:
        return f"{self.canonical}{self._digest_part}"


def names_registry(name: str) -> bool:
    """Say whether a name says itself which registry it is in; one of Docker Hub may, but need not.

    >>> names_registry("localhost:5000/pets"), names_registry("team/pets"), names_registry("envc")
    (True, False, False)
    """
    first, slash, _ = name.partition("/")
    return bool(slash) and _is_registry(first)


def _is_registry(first: str) -> bool:
    return first == "localhost" or "." in first or ":" in first or first != first.lower()


def _split_registry(name: str) -> tuple[str, str]:
    """Return registry and the rest as Docker tells them apart: only a first part that is
    `localhost`, or has a dot, a colon or a capital letter, is a registry."""
    first, slash, rest = name.partition("/")
    if not slash or not _is_registry(first):
        registry, rest = _DOCKER_HUB, name
    else:
        registry = _DOCKER_HUB if first == _LEGACY_DOCKER_HUB else first
    if registry == _DOCKER_HUB and "/" not in rest and rest:
        rest = _OFFICIAL + rest
    return registry, rest


def _check_names(registry: str, repository: str) -> None:
    if not repository or repository == _OFFICIAL:
        raise ValueError("the name is missing")
    if not _REGISTRY.fullmatch(registry):
        raise ValueError(f"`{registry}` is not a registry's host name")
    if repository != repository.lower():
        raise ValueError("a repository's name is in lower case")
    if not _REPOSITORY.fullmatch(repository):
        raise ValueError(f"`{repository.removeprefix(_OFFICIAL)}` is not a repository's name")
    if len(repository) > _REPOSITORY_MAX:
        raise ValueError(f"a repository's name has at most {_REPOSITORY_MAX} characters")


def _explain_digest(name: str, digest: str) -> str:
    if "/" in digest or "://" in name:
        return "it holds a user or a password"
    if not digest.startswith("sha256:"):
        return "a digest starts with `sha256:`"
    return "a digest is `sha256:` and 64 hex digits in lower case"
