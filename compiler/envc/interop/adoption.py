"""The packages of foreign locks taken over, and the spec that asks for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs, unquote

from envc.interop.address import split_address
from envc.interop.adopted import Adopted
from envc.interop.gathered import Gathered
from envc.interop.subject import channel_name, needed_names
from envc.lock.package import CondaPackage, PipPackage
from envc.platform import PLATFORMS

__all__ = [
    "ask_for",
    "conda_from_url",
    "digests_of",
    "platform_of",
    "take_conda",
    "take_distribution",
    "wheel_from_url",
]

_ARCHIVE = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)-(?P<build>[^-]+)\.(?:conda|tar\.bz2)")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SECRET = re.compile(r"://[^/]*@|/t/[^/]+/|\$")
# The user of a repository that ssh reads is no secret.
_USER = re.compile(r"(?<=://)(?<!ssh://)[^/@]*@|(?<=ssh://)[^/@]*:[^/@]*@")
_SDIST = (".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz")
_SUBDIRS = {platform.subdir: platform.name for platform in PLATFORMS.values()}


def platform_of(subdir: str, gathered: Gathered) -> str | None:
    """Return the platform that Conda calls so; where envc has none, None and a remark, once."""
    found = _SUBDIRS.get(subdir)
    if found is None:
        message = f"`{subdir}` is left out: envc makes images for Linux on amd64 and arm64"
        if all(remark.message != message for remark in gathered.remarks):
            gathered.remark(message)
    return found


def digests_of(hashes: object) -> dict[str, str]:
    """Return the digests that a foreign lock states of a file, by algorithm; without what is no text."""
    if not isinstance(hashes, dict):
        return {}
    return {str(name): digest for name, digest in hashes.items() if isinstance(digest, str)}


def conda_from_url(
    url: str,
    adopted: Adopted,
    *,
    sha256: str | None,
    md5: str | None = None,
    depends: Iterable[str] = (),
    size: int | None = None,
    timestamp: int | None = None,
) -> CondaPackage | None:
    """Return the Conda package at an address; None, and an obstacle, where a lock cannot hold it.

    Name, version and build are those of the file's name (CEP 26).
    """
    folder, _, file = url.rpartition("/")
    channel, _, subdir = folder.rpartition("/")
    found = _ARCHIVE.fullmatch(unquote(split_address(url).path.rpartition("/")[2]))
    if found is None or not url.startswith(("http://", "https://")):
        adopted.refuse(f"`{file or url}` is not the address of a Conda package")
        return None
    if _SECRET.search(url):
        adopted.refuse(f"the address of `{file}` holds what may be a secret")
        return None
    if sha256 is None or not _SHA256.fullmatch(sha256):
        adopted.refuse(f"`{file}` has no SHA-256")
    return CondaPackage(
        name=found["name"],
        version=found["version"],
        build=found["build"],
        subdir=subdir,
        channel=channel,
        url=url,
        sha256=sha256 if sha256 is not None and _SHA256.fullmatch(sha256) else "0" * 64,
        md5=md5,
        size=size,
        timestamp=timestamp,
        depends=tuple(sorted(depends)),
    )


def take_conda(
    url: str,
    platform: str,
    adopted: Adopted,
    *,
    sha256: str | None,
    md5: str | None = None,
    depends: Iterable[str] = (),
    size: int | None = None,
    timestamp: int | None = None,
) -> None:
    """Take a Conda package; where its address holds what may be a secret, the spec asks for it."""
    found = conda_from_url(
        url, adopted, sha256=sha256, md5=md5, depends=depends, size=size, timestamp=timestamp
    )
    if found is not None:
        adopted.conda.setdefault(platform, []).append(found)
    elif (
        parts := _ARCHIVE.fullmatch(unquote(split_address(url).path.rpartition("/")[2]))
    ) is not None:
        text = f"{parts['name']} =={parts['version']} {parts['build']}"
        adopted.conda_asked.setdefault(platform, []).append(text)


def ask_for(
    adopted: Adopted,
    gathered: Gathered,
    *,
    needed: Mapping[str, Iterable[str]] | None = None,
    pins_builds: bool = False,
) -> None:
    """Say the spec that asks for what is adopted: what nothing else there needs, with its version.

    Args:
        needed: By platform the names of wheels that others need; None where nobody knows.
        pins_builds: Whether builds are asked for too: where nobody knows what needs what.
    """
    platforms = adopted.platforms
    if platforms not in {(), ("linux/amd64",)}:
        for name in platforms:
            gathered.add(("platforms",), name, None)
    channels = [one.channel for found in adopted.conda.values() for one in found]
    if not gathered.has("channels"):
        for channel in dict.fromkeys(channels):
            gathered.add(("channels",), channel_name(channel), None)
    _ask_python(adopted, gathered)
    conda = {
        name: _conda_texts(adopted.conda.get(name, []), pins_builds=pins_builds)
        + adopted.conda_asked.get(name, [])
        for name in platforms
    }
    _add_all(("conda", "packages"), conda, platforms, gathered)
    wheels = {
        name: [
            f"{one.name} =={one.version}"
            for one in adopted.wheels.get(name, [])
            if one.name not in set((needed or {}).get(name, ()))
        ]
        + adopted.asked.get(name, [])
        for name in platforms
    }
    _add_all(("pip", "packages"), wheels, platforms, gathered)
    for key, text in adopted.beside:
        gathered.add(("pip", key), text if key == "sdists" else gathered.beside(text), None)


def _ask_python(adopted: Adopted, gathered: Gathered) -> None:
    versions = {
        one.version for found in adopted.conda.values() for one in found if one.name == "python"
    }
    if len(versions) == 1:
        gathered.put(("python",), next(iter(versions)), None)


def _conda_texts(packages: list[CondaPackage], *, pins_builds: bool) -> list[str]:
    """Return the MatchSpecs of what nothing else needs; Python's version is said elsewhere."""
    if pins_builds:
        return [f"{one.name} =={one.version} {one.build}" for one in packages]
    needed = {name for one in packages for name in needed_names(one) if name != one.name}
    roots = [one for one in packages if one.name not in needed and one.name != "python"]
    # Python and pip may need each other: then nothing is a root.
    asked = roots or [one for one in packages if one.name != "python"]
    return [f"{one.name} =={one.version}" for one in asked]


def _add_all(
    path: tuple[str, ...],
    texts: Mapping[str, list[str]],
    platforms: tuple[str, ...],
    gathered: Gathered,
) -> None:
    """Add what all platforms have, and what some have with `on`."""
    for text in dict.fromkeys(text for found in texts.values() for text in found):
        having = [name for name in platforms if text in texts.get(name, ())]
        if len(having) == len(platforms):
            gathered.add(path, text, None)
        else:
            for name in having:
                gathered.add(path, {"package": text, "on": name}, None, text)


def wheel_from_url(
    name: str, version: str, url: str, adopted: Adopted, *, sha256: str | None, index: str | None
) -> PipPackage | None:
    """Return the wheel at an address; None, and an obstacle, where a lock cannot hold it."""
    file = unquote(split_address(url).path.rpartition("/")[2])
    if _SECRET.search(url):
        adopted.refuse(f"the address of `{file}` holds what may be a secret")
    elif not file.endswith(".whl") or not url.startswith(("http://", "https://")):
        pinned = f"{name} =={version}" if version else name
        adopted.refuse(f"`{pinned}` is no wheel of an index, and a lock holds wheels")
    elif sha256 is None or not _SHA256.fullmatch(sha256):
        adopted.refuse(f"`{file}` has no SHA-256")
    else:
        return PipPackage(name=name, version=version, url=url, sha256=sha256, index=index)
    return None


def take_distribution(
    name: str,
    version: str,
    url: str,
    platform: str,
    adopted: Adopted,
    *,
    sha256: str | None,
    index: str | None,
) -> None:
    """Take a distribution as the wheel of an index that it is; else let the spec ask for it.

    Args:
        url: Its address as Python's tools write it (`git+https:` with a commit too), with pixi's
            `direct+` before one of no index, or its path relative to the foreign lock.
    """
    direct = url.removeprefix("direct+")
    wheel = None
    if direct == url or index is not None:
        wheel = wheel_from_url(name, version, url, adopted, sha256=sha256, index=index)
    else:
        adopted.refuse(f"`{name}` is fetched from an address of its own")
    if wheel is not None:
        adopted.wheels.setdefault(platform, []).append(wheel)
    elif "://" not in direct:
        adopted.beside.append(_beside(direct))
    else:
        pinned = f"{name} =={version}" if version else name
        is_own = direct != url or direct.startswith("git+")
        text = f"{name} @ {_address(direct)}" if is_own else pinned
        adopted.asked.setdefault(platform, []).append(text)
        if not is_own and split_address(direct).path.endswith(_SDIST):
            adopted.beside.append(("sdists", name))


def _beside(path: str) -> tuple[str, str]:
    return ("wheels", path) if path.endswith(".whl") else ("sources", f"{path.rstrip('/')}/")


def _address(url: str) -> str:
    """Return an address without a password, and of a repository as pip writes it, with its commit.

    >>> _address("git+https://me:x@h.example/a.git?subdirectory=b&rev=v1#0123abc")
    'git+https://h.example/a.git@0123abc#subdirectory=b'
    >>> _address("git+ssh://git@h.example/a.git?rev=v1#0123abc")
    'git+ssh://git@h.example/a.git@0123abc'
    >>> _address("git+ssh://git:x@h.example/a.git?rev=v1#0123abc")
    'git+ssh://h.example/a.git@0123abc'
    """
    clean = _USER.sub("", url)
    parts = split_address(clean)
    if not url.startswith("git+") or not parts.query:
        return clean
    said = parse_qs(parts.query)
    named = next((said[key][0] for key in ("rev", "tag", "branch") if key in said), "")
    commit = parts.fragment or named
    below = f"#subdirectory={said['subdirectory'][0]}" if "subdirectory" in said else ""
    return f"{parts.scheme}://{parts.netloc}{parts.path}{f'@{commit}' if commit else ''}{below}"
