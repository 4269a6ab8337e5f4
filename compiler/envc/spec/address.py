"""What an address in a spec may be: of an image, a channel, an index; and never with a secret in it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from envc.reference import ImageReference
from envc.spec import field
from envc.spec.field import FieldError

__all__ = [
    "CHANNEL",
    "REGISTRY",
    "SECRET",
    "channel",
    "embedded_credentials",
    "image",
    "index_url",
    "links_url",
    "names_registry",
    "registry",
    "secret_name",
]

CHANNEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_CHANNEL_TOKEN = re.compile(r"(?:^|/)t/[^/]+/")
SECRET = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What Docker takes for a registry, and not for the first part of a repository's name.
REGISTRY = re.compile(
    r"(?:localhost|(?=[^/]*[.:])(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[(?=[^\]]*:)[A-Fa-f0-9:]+\])(?::[0-9]{1,5})?"
)
_USER_INFO = re.compile(r"(?:[^/?#]*//)?([^/?#]*@)")
_IMAGE_USER = re.compile(r"(?:[A-Za-z]+://)?([^/]*@)")
_NO_SECRETS = "remove them; an index may name a secret"
_NO_GIT_SECRETS = (
    "remove them: `git` asks its credential helper or `~/.netrc` for them, and the ssh agent for "
    "`git+ssh://git@HOST/…`"
)
_SSH_USER = re.compile(r"\b(git\+ssh://)[A-Za-z0-9._-]+@(?![^/?#\s]*@)")
_NO_CHANNEL_SECRETS = (
    "name the secret that holds them, as in `secret CONDA_TOKEN` (in YAML `secret: CONDA_TOKEN`)"
)


def image(text: str) -> str:
    """Refuse what is no image reference."""
    try:
        ImageReference.parse(field.line(text))
    except FieldError:
        raise
    except ValueError as error:
        if "password" in str(error):
            raise FieldError(
                "E213",
                "an image reference cannot hold a user or a password",
                hint="name the registry only; log in with `docker login`",
                part=found.span(1) if (found := _IMAGE_USER.match(text)) else None,
            ) from error
        raise FieldError(
            "E210",
            f"`{text}` is not an image reference: {error}",
            hint=_hint_image(text),
        ) from error
    return text


def channel(text: str) -> str:
    """Refuse what is neither a channel's name nor its address."""
    if "://" in field.line(text) or "@" in text:
        _check_address(text, "E211", "channel", _NO_CHANNEL_SECRETS)
        if found := _CHANNEL_TOKEN.search(urlsplit(text).path):
            raise _credentials(
                "channel",
                text.find(found.group()),
                len(found.group()),
                _NO_CHANNEL_SECRETS,
            )
        return text
    if text == "nodefaults":
        raise FieldError(
            "E211",
            "`nodefaults` is not a channel",
            hint="remove it: no channel is used that the spec does not list",
        )
    if not CHANNEL.fullmatch(text):
        raise FieldError(
            "E211",
            f"`{text}` is not a channel",
            hint="write a name such as `conda-forge`, or an address such as "
            "`https://conda.anaconda.org/conda-forge`",
        )
    return text


def index_url(text: str) -> str:
    """Refuse what is not the address of a package index."""
    _check_address(
        field.line(text),
        "E212",
        "package index",
        "name the secret that holds them, as in `secret PYPI_TOKEN` (in YAML `secret: PYPI_TOKEN`)",
    )
    return text


def links_url(text: str) -> str:
    """Refuse what is not the address of a page with links to files."""
    _check_address(
        field.line(text),
        "E212",
        "page of links",
        "name the secret that holds them, as in `secret PYPI_TOKEN` (in YAML `secret: PYPI_TOKEN`)",
    )
    return text


def registry(text: str) -> str:
    """Refuse what is not the host of a registry, with or without a port."""
    if "@" in field.line(text):
        host = text.rpartition("@")[2].partition("/")[0]
        raise FieldError(
            "E213",
            "a registry is named by its host, without a user or a password",
            hint=f"write `{host}`, and log in with `docker login {host}`",
            part=(0, text.rfind("@") + 1),
        )
    if REGISTRY.fullmatch(text):
        return text
    better, _, path = re.sub(r"^[A-Za-z]+://", "", text).partition("/")
    raise FieldError(
        "E251",
        f"`{text}` is not the host of a registry",
        hint=f"write `{better}`" + (", and the path in `image`" if path else "")
        if better != text and REGISTRY.fullmatch(better)
        else "write a host, with a port where it has one, such as `registry.example.com:5000`",
    )


def names_registry(text: str) -> bool:
    """Say whether an image reference names its registry: a first part that is a host."""
    return REGISTRY.fullmatch(text.partition("/")[0]) is not None and "/" in text


def secret_name(text: str) -> str:
    """Refuse what could not be an environment variable; a secret itself is never repeated."""
    if not SECRET.fullmatch(text):
        raise FieldError(
            "E214",
            "a secret is named by an environment variable, and this is no such name",
            hint="put the secret in an environment variable and write that variable's name, such as "
            "`PYPI_TOKEN`",
        )
    return text


def embedded_credentials(text: str) -> FieldError | None:
    """Return the error for an address with a user or a password anywhere in a text, or None.

    The user of a repository that ssh reads is no secret: that is `git`, mostly.
    """
    bare = _SSH_USER.sub(r"\1", text)
    # A password may hold a slash that should be quoted; a port has digits only.
    found = re.search(r"://([^/?#\s]*@)", bare) or re.search(
        r"https?://([^/?#:@\s\[]*:(?![0-9]{1,5}[/?#])[^\s]*@)", bare
    )
    if found is None:
        return None
    start = text.find(found[1])
    is_git = re.search(r"git\+[a-z]+$", text[: max(start - 3, 0)]) is not None
    hint = _NO_GIT_SECRETS if is_git else _NO_SECRETS
    return _credentials("package", start, len(found[1]), hint)


def _check_address(text: str, code: str, what: str, credentials_hint: str) -> None:
    if user := _USER_INFO.match(text):
        raise _credentials(what, user.start(1), len(user[1]), credentials_hint)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise FieldError(code, f"`{text}` is not an address") from error
    if parts.scheme == "file":
        raise FieldError(
            code,
            f"a {what} on this machine's disk cannot be locked",
            hint="serve the folder over HTTP, or give its public address here and the folder as a "
            "mirror of it",
        )
    if parts.scheme not in {"http", "https"} or not host or " " in text:
        raise FieldError(
            code,
            f"`{text}` is not the address of a {what}",
            hint="write an address that starts with `https://` or `http://`",
        )
    if parts.query or parts.fragment:
        raise FieldError(
            code, f"the address of a {what} has no `?` or `#` in it", hint="end it before them"
        )


def _credentials(what: str, start: int, length: int, hint: str) -> FieldError:
    """Return the error for an address that holds a secret, which is not repeated in it."""
    return FieldError(
        "E213",
        f"the address of a {what} cannot hold credentials",
        hint=hint,
        part=(start, start + length),
    )


def _hint_image(text: str) -> str:
    if "://" in text:
        return "write the registry's host name without `http://` or `https://`"
    for better in (text.lower(), text.lower().replace(" ", ":")):
        if _is_image(better):
            return f"write `{better}`"
    return "write NAME:TAG or NAME@sha256:DIGEST, such as `python:3.12-slim-bookworm`"


def _is_image(text: str) -> bool:
    try:
        ImageReference.parse(text)
    except ValueError:
        return False
    return True
