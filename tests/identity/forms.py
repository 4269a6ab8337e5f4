"""The forms of a normal form's texts, by docs/identity.md alone: nothing of envc is imported here."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

__all__ = ["FORMS"]

_OPERATOR = r"(?:==|!=|~=|>=|<=|=|<|>)"
_CONSTRAINT = rf"{_OPERATOR}?(?:[0-9]+!)?[A-Za-z0-9*_.+-]+"
_SPEC = re.compile(
    r"(?:(?P<channel>[^\s\[\]=<>!~,|;#'\"()*]+)[ \t]*::[ \t]*)?(?P<name>[A-Za-z0-9_.-]+)"
    r"(?P<rest>(?:[ \t=<>!~][^\[]*)?)(?P<bracket>(?:\[.*\])?)"
)
_REST = re.compile(
    rf"(?P<version>{_CONSTRAINT}(?:[,|]{_CONSTRAINT})*)(?:(?:[ \t]+|=)(?P<build>[\w.*+^$-]+))?",
    re.ASCII,
)
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^\]]*)\])?\s*"
    r"(?:@\s*(?P<url>\S+)|(?P<clauses>[^;@]*))\s*(?:;(?P<marker>.*))?"
)
_TOKEN = re.compile(
    r"""\s*('[^']*'|"[^"]*"|\(|\)|===|[<>=!~]=|<|>|not\s+in\b|[A-Za-z_.]+)""",
)
_OLD_NAMES = {
    "python_implementation": "platform_python_implementation",
    "platform.python_implementation": "platform_python_implementation",
}


_STRING = re.compile(
    r"""\r\n|\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|[ \t\r]*\n[ \t\r\n]*|([\\"bfnrt]))"""
)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def string(written: str) -> str:
    """Return what a quoted string of the DSL means."""
    width = 3 if written[:3] in {'"""', "'''"} else 1
    body = written[width:-width]
    if width == 3:
        body = re.sub(r"^\r?\n", "", body)
    if written[0] == "'":
        return body.replace("\r\n", "\n")

    def meant(found: re.Match[str]) -> str:
        if digits := found[1] or found[2]:
            return chr(int(digits, 16))
        if found[3]:
            return _ESCAPES.get(found[3], found[3])
        return "\n" if found[0] == "\r\n" else ""

    return _STRING.sub(meant, body)


def path(text: str) -> str:
    return posixpath.normpath(text)


def volume(text: str) -> str:
    return "/" + path(text).lstrip("/")


def address(text: str) -> str:
    parts = urlsplit(text)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"), "", ""))


def page(text: str) -> str:
    parts = urlsplit(text)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, "", ""))


def channel(text: str) -> list[str]:
    packages = "https://repo.anaconda.com"
    if "://" in text:
        return [address(text)]
    if text == "defaults":
        return [f"{packages}/pkgs/main", f"{packages}/pkgs/r"]
    return [f"{packages if text.startswith('pkgs/') else 'https://conda.anaconda.org'}/{text}"]


def image(text: str) -> str:
    name, at, digest = text.partition("@")
    first, slash, rest = name.partition("/")
    is_host = first == "localhost" or bool(re.search("[.:A-Z]", first))
    registry, rest = (first, rest) if slash and is_host else ("docker.io", name)
    registry = "docker.io" if registry == "index.docker.io" else registry
    if registry == "docker.io" and "/" not in rest:
        rest = f"library/{rest}"
    tag = "" if ":" in rest or at else ":latest"
    return f"{registry}/{rest}{tag}{at}{digest}"


def distribution(text: str) -> str:
    return re.sub("[-_.]+", "-", text.lower())


def requirement(text: str) -> str:
    found = _REQUIREMENT.fullmatch(text.strip(" \t"))
    assert found is not None, text
    names = sorted({distribution(one.strip()) for one in _parts(found["extras"])})
    extras = f"[{','.join(names)}]" if names else ""
    written = re.sub(r"\s", "", found["clauses"] or "").removeprefix("(").removesuffix(")")
    clauses = ",".join(sorted(set(_parts(written))))
    source = f" @ {found['url']}" if found["url"] else clauses
    marker = _marker(found["marker"]) if found["marker"] else ""
    space = " " if found["url"] else ""
    return f"{distribution(found['name'])}{extras}{source}{f'{space}; {marker}' if marker else ''}"


def _parts(text: str | None) -> list[str]:
    return [part for part in (text or "").split(",") if part.strip()]


def _marker(text: str) -> str:
    tokens = [_word(token) for token in _TOKEN.findall(text)]
    for at, token in enumerate(tokens):
        if token == "extra":
            other = at + 2 if tokens[at + 1 : at + 2] in (["=="], ["!="]) else at - 2
            tokens[other] = f'"{distribution(tokens[other][1:-1])}"'
    for at in range(len(tokens) - 4):
        if tokens[at] == "(" and tokens[at + 4] == ")":
            tokens[at] = tokens[at + 4] = ""
    spaced = " ".join(token for token in tokens if token)
    return spaced.replace("( ", "(").replace(" )", ")")


def _word(token: str) -> str:
    if token[0] in "'\"":
        return f'"{token[1:-1]}"' if '"' not in token[1:-1] else token
    if token.startswith("not"):
        return "not in"
    return _OLD_NAMES.get(token, token.replace(".", "_") if "." in token else token)


def matchspec(text: str) -> str:
    text = text.strip(" \t")
    head = _SPEC.fullmatch(text)
    if head is None:
        return text
    rest = re.sub(r"[ \t]*([,|])[ \t]*", r"\1", head["rest"].strip(" \t"))
    rest = re.sub(rf"({_OPERATOR})[ \t]+(?=[A-Za-z0-9*_.])", r"\1", rest)
    body = _REST.fullmatch(rest)
    if rest and body is None:
        return text
    version, build = (body["version"], body["build"] or "") if body else ("", "")
    words = (head["name"].lower(), _version(version, has_build=bool(build)), build)
    before = f"{head['channel']}::" if head["channel"] else ""
    return before + " ".join(word for word in words if word) + head["bracket"]


def _version(version: str, *, has_build: bool) -> str:
    plain = re.fullmatch(r"(={0,2})([0-9]+(?:\.[0-9]+)*)", version)
    if plain is not None:
        return f"{plain[2]}.*" if plain[1] == "=" and not has_build else f"=={plain[2]}"
    constraints = version.split(",")
    if all(re.match("!=|~=|>=|<=|<|>", one) and "|" not in one for one in constraints):
        return ",".join(sorted(constraints))
    return version


def debian(text: str) -> str:
    name, _, version = (part.strip() for part in text.partition("="))
    return f"{name}={version}" if version else name


def port(text: str) -> str:
    return text.removesuffix("/tcp")


def mode(text: str) -> str:
    return text.zfill(4)


def duration(text: str) -> int:
    units = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
    return sum(int(number) * units[unit] for number, unit in re.findall("([0-9]+)(ms|[hms])", text))


def moment(text: str) -> str:
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return f"{datetime.fromisoformat(text).date() + timedelta(days=1)}T00:00:00Z"
    found = datetime.fromisoformat(text.upper()).astimezone(UTC)
    return found.isoformat().replace("+00:00", "Z")


def ports(texts: Iterable[str]) -> list[str]:
    def key(text: str) -> tuple[int, str]:
        number, _, protocol = text.partition("/")
        return int(number), protocol or "tcp"

    return [port(text) for text in sorted(texts, key=key)]


def find_links(links: Iterable[Mapping[str, str]]) -> list[dict[str, str | None]]:
    found = [
        {
            "url": page(one["url"]) if "url" in one else None,
            "secret": one.get("secret"),
            "path": path(one["path"]) if "path" in one else None,
        }
        for one in links
    ]
    return sorted(found, key=lambda one: (one["url"] is None, f"{one['url'] or one['path']}'"))


FORMS: Mapping[str, Callable[[Any], Any]] = {
    "string": string,
    "path": path,
    "volume": volume,
    "address": address,
    "page": page,
    "channel": channel,
    "image": image,
    "distribution": distribution,
    "requirement": requirement,
    "matchspec": matchspec,
    "debian": debian,
    "port": port,
    "ports": ports,
    "mode": mode,
    "duration": duration,
    "moment": moment,
    "find_links": find_links,
}
"""By what a text is."""
