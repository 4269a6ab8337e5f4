"""What exporters are given, and the names that several formats have for the same things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from urllib.parse import quote, urlsplit

from envc.diagnostics import Diagnostic
from envc.frozen import frozen
from envc.lock.model import Lock, PlatformLock
from envc.lock.package import CondaPackage, PipPackage, SystemPackage
from envc.platform import PLATFORMS, Platform
from envc.reference import ImageReference
from envc.spec.matchspec import split_matchspec

__all__ = [
    "Exported",
    "Subject",
    "channel_name",
    "conda_purl",
    "debian_purl",
    "image_purl",
    "in_order",
    "list_left_out",
    "needed_names",
    "pip_purl",
    "platform_marker",
]

_CHANNEL_HOST = "https://conda.anaconda.org/"
_PYPI = "https://pypi.org/simple"


@frozen
class Subject:
    """The lock of one variant, and which part of it is to be written.

    Attributes:
        name: The environment's.
        spec: The name of the spec's file.
        lock: Of the variant.
        platforms: Those to write, sorted; at least one, and all are in the lock.
        variables: The environment variables of each platform, by name.
    """

    name: str
    spec: str
    lock: Lock
    platforms: tuple[str, ...]
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def locked(self) -> dict[str, PlatformLock]:
        """The lock of each platform to write, by its name."""
        return {name: self.lock.platforms[name] for name in self.platforms}

    @property
    def only(self) -> tuple[Platform, PlatformLock]:
        """The platform to write, for a format that has one only."""
        (name,) = self.platforms
        return PLATFORMS[name], self.lock.platforms[name]


@frozen
class Exported:
    """The text of a file, and what it has no place for (W430)."""

    text: str
    warnings: tuple[Diagnostic, ...] = ()


def list_left_out(
    subject: Subject, format_name: str, *, conda: bool = False, pip: bool = False
) -> tuple[Diagnostic, ...]:
    """Return what a format has no place for and the lock has (W430).

    Args:
        conda: Whether the format cannot hold Conda packages.
        pip: Whether it cannot hold wheels.
    """
    locks = subject.locked.values()
    lost = {
        "Conda packages": {one.name for lock in locks for one in lock.conda} if conda else set(),
        "pip packages": {one.name for lock in locks for one in lock.distributions}
        if pip
        else set(),
    }
    hints = {"Conda packages": "explicit", "pip packages": "requirements"}
    return tuple(
        Diagnostic(
            code="W430",
            message=f"`{format_name}` has no place for {what}, and the lock has {len(names)}",
            hint=f"export these with `--format {hints[what]}`, or all with `--format conda-lock`",
        )
        for what, names in lost.items()
        if names
    )


def platform_marker(platform: Platform) -> str:
    """Return the environment marker (PEP 508) that holds on a platform only."""
    return f"sys_platform == 'linux' and platform_machine == '{platform.machine}'"


def channel_name(url: str) -> str:
    """Return how people write a channel: its name on anaconda.org, else its address.

    >>> channel_name("https://conda.anaconda.org/conda-forge")
    'conda-forge'
    >>> channel_name("https://repo.anaconda.com/pkgs/main")
    'https://repo.anaconda.com/pkgs/main'
    """
    return url.removeprefix(_CHANNEL_HOST)


def needed_names(package: CondaPackage) -> dict[str, str]:
    """Return what a Conda package depends on, and how: versions by name, without virtual packages."""
    found: dict[str, str] = {}
    for text in package.depends:
        parts = split_matchspec(text)
        name, rest = (text, "") if parts is None else (parts.name, text.partition(parts.name)[2])
        if not name.startswith("__"):
            found[name] = rest.strip()
    return dict(sorted(found.items()))


def in_order(packages: Iterable[CondaPackage]) -> tuple[CondaPackage, ...]:
    """Return packages with each after what it depends on, else by name; cycles are cut by name."""
    by_name = {package.name: package for package in packages}
    done: dict[str, CondaPackage] = {}
    begun: set[str] = set()
    stack = sorted(by_name, reverse=True)
    while stack:
        name = stack.pop()
        if name in done:
            continue
        if name in begun:
            done[name] = by_name[name]
            continue
        begun.add(name)
        stack.append(name)
        needed = sorted(needed_names(by_name[name]), reverse=True)
        stack += [other for other in needed if other in by_name and other not in begun]
    return tuple(done.values())


def conda_purl(package: CondaPackage) -> str:
    """Return a Conda package's address as package URLs have it.

    https://github.com/package-url/purl-spec/blob/main/types-doc/conda-definition.md
    """
    kind = "conda" if package.filename.endswith(".conda") else "tar.bz2"
    qualifiers = {
        "build": package.build,
        "channel": channel_name(package.channel),
        "subdir": package.subdir,
        "type": kind,
    }
    return f"pkg:conda/{quote(package.name)}@{quote(package.version)}{_qualify(qualifiers)}"


def debian_purl(package: SystemPackage) -> str:
    """Return a Debian package's address as package URLs have it.

    https://github.com/package-url/purl-spec/blob/main/types-doc/deb-definition.md
    """
    vendor = "ubuntu" if "ubuntu" in (urlsplit(package.url).hostname or "") else "debian"
    version = quote(package.version, safe="")
    name = quote(package.name)
    return f"pkg:deb/{vendor}/{name}@{version}{_qualify({'arch': package.architecture})}"


def pip_purl(package: PipPackage) -> str:
    """Return the address of a wheel or of a source as package URLs have it.

    https://github.com/package-url/purl-spec/blob/main/types-doc/pypi-definition.md
    """
    is_folder = package.path is not None and not package.filename.endswith(".whl")
    qualifiers = {} if is_folder else {"file_name": package.filename}
    if package.is_commit:
        qualifiers = {"vcs_url": (package.url or "").partition("#")[0]}
    if package.index not in {None, _PYPI}:
        qualifiers["repository_url"] = package.index or ""
    return f"pkg:pypi/{quote(package.name)}@{quote(package.version)}{_qualify(qualifiers)}"


def image_purl(image: str, digest: str, platform: Platform) -> str:
    """Return an image's address as package URLs have it.

    https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md
    """
    reference = ImageReference.parse(image)
    name = reference.repository.rpartition("/")[2]
    qualifiers = {
        "arch": platform.architecture,
        "repository_url": f"{reference.registry}/{reference.repository}",
    }
    if reference.tag is not None:
        qualifiers["tag"] = reference.tag
    return f"pkg:oci/{quote(name)}@{quote(digest, safe='')}{_qualify(qualifiers)}"


def _qualify(qualifiers: Mapping[str, str]) -> str:
    pairs = [f"{key}={quote(value, safe='/:')}" for key, value in sorted(qualifiers.items())]
    return f"?{'&'.join(pairs)}" if pairs else ""
