"""Wheels as files: which one fits a target best, what its metadata says, and one made of metadata only."""

from __future__ import annotations

import functools
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, TypeVar

from envc.frozen import frozen

if TYPE_CHECKING:
    from packaging.tags import Tag

__all__ = [
    "BrokenWheelError",
    "Offer",
    "Target",
    "allows_python",
    "best_wheel",
    "distribution_of",
    "fits",
    "is_of",
    "is_sdist",
    "metadata_in",
    "read_metadata",
    "stub_wheel",
    "wheel_name",
]

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


class BrokenWheelError(Exception):
    """A file is not a wheel; `reason` says why, in lower case."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Offer(Protocol):
    """A file as an index offers it."""

    @property
    def filename(self) -> str:
        """Its name."""

    @property
    def requires_python(self) -> str | None:
        """The Python versions it is for (PEP 440), or None for all."""

    @property
    def yanked(self) -> bool:
        """Whether it was withdrawn (PEP 592)."""


OfferT = TypeVar("OfferT", bound=Offer)


@frozen
class Target:
    """Where wheels are to run: CPython on Linux with glibc.

    Attributes:
        python_version: Exact (`3.12.7`), or a series (`3.12`), which stands for its first release.
        machine: What `uname -m` says.
        glibc: The newest manylinux wheels that fit, such as `2.36`.
    """

    python_version: str
    machine: str
    glibc: str

    @property
    def full_version(self) -> str:
        """The exact version of its Python."""
        return (
            self.python_version
            if self.python_version.count(".") > 1
            else (f"{self.python_version}.0")
        )

    @property
    def series(self) -> tuple[int, int]:
        """Its Python's major and minor version."""
        major, minor = self.python_version.split(".")[:2]
        return int(major), int(minor)

    def markers(self) -> dict[str, str]:
        """Return the environment that PEP 508 markers are evaluated in."""
        major, minor = self.series
        return {
            "implementation_name": "cpython",
            "implementation_version": self.full_version,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": self.full_version,
            "python_version": f"{major}.{minor}",
            "sys_platform": "linux",
        }

    def ranks(self) -> Mapping[Tag, int]:
        """Return the wheel tags that fit, the best with rank 0."""
        return _rank_tags(self.series, self.machine, self.glibc)


def best_wheel(offers: Iterable[OfferT], target: Target) -> OfferT | None:
    """Return the wheel of one version that fits a target best, or None where none fits.

    The rule is pip's: the most specific tag, then the highest build number, then, which never
    decides between honest files, the name. A yanked file is taken only where nothing else fits:
    whether a yanked version may be had at all is the solver's matter.
    """
    from packaging.utils import parse_wheel_filename

    fitting = [offer for offer in offers if fits(offer, target)]
    kept = [offer for offer in fitting if not offer.yanked] or fitting
    ranks = target.ranks()

    def goodness(offer: OfferT) -> tuple[int, tuple[int, str] | tuple[()], str]:
        _, _, build, tags = parse_wheel_filename(offer.filename)
        return -min(ranks[tag] for tag in tags if tag in ranks), build, offer.filename

    return max(kept, key=goodness, default=None)


def fits(offer: Offer, target: Target) -> bool:
    """Say whether an offer is a wheel that a target can use, by its tags and its Requires-Python."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    if not offer.filename.endswith(".whl"):
        return False
    try:
        tags = parse_wheel_filename(offer.filename)[3]
    except InvalidWheelFilename:
        return False
    ranks = target.ranks()  # some 800; a wheel has a few
    return any(tag in ranks for tag in tags) and allows_python(offer.requires_python, target)


def is_sdist(filename: str) -> bool:
    """Say whether a file is a source distribution, by its name (PEP 625, and what came before it)."""
    return filename.endswith((".tar.gz", ".zip")) and distribution_of(filename) is not None


def wheel_name(filename: str) -> str:
    """Return the name of a wheel that stands for a file: a wheel's own, and one for any platform."""
    if not is_sdist(filename):
        return filename
    name, version = distribution_of(filename) or ("", "")
    return f"{name.replace('-', '_')}-{version}-py3-none-any.whl"


def allows_python(requires: str | None, target: Target) -> bool:
    """Say whether a Requires-Python allows the target; one that nobody can read does, as for pip."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(requires or "").contains(target.full_version, prereleases=True)
    except InvalidSpecifier:
        return True


def distribution_of(filename: str) -> tuple[str, str] | None:
    """Return the normalised name and version of a wheel or sdist, or None where it is neither.

    >>> distribution_of("Pillow-10.0-cp312-cp312-manylinux_2_28_x86_64.whl")
    ('pillow', '10.0')
    """
    if not filename.endswith(".whl"):
        return _sdist_of(filename)
    parts = filename.removesuffix(".whl").split("-")
    if len(parts) not in (5, 6):
        return None
    version = _canonical_version(parts[1])
    return (_canonical_name(parts[0]), version) if version is not None else None


def is_of(filename: str, name: str, version: str) -> bool:
    """Say whether a wheel or sdist is of a distribution, by its normalised name, and of a version.

    >>> is_of("Pillow-10.0-cp312-cp312-manylinux_2_28_x86_64.whl", "pillow", "10.0")
    True
    """
    # Most files of a page are of other versions, which are the cheaper half to tell.
    if filename.endswith(".whl"):
        stated = filename.split("-", 2)[1:2]
    else:
        stated = filename.removesuffix(".zip").removesuffix(".tar.gz").split("-")[-1:]
    if not stated or _digits(stated[0]) != _digits(version):
        return False
    if _canonical_version(stated[0]) != version:
        return False
    return distribution_of(filename) == (name, version)


def read_metadata(file: Path) -> str:
    """Return a wheel's METADATA.

    Raises:
        BrokenWheelError: It is not a wheel, or its metadata and its name do not agree.
        OSError: It cannot be read.
    """
    with file.open("rb") as stream:
        return metadata_in(file.name, stream)


def metadata_in(filename: str, stream: IO[bytes]) -> str:
    """Return the METADATA of a wheel of some name.

    Raises:
        BrokenWheelError: It is not a wheel, or its metadata and its name do not agree.
        OSError: It cannot be read.
    """
    expected = distribution_of(filename)
    if expected is None or not filename.endswith(".whl"):
        raise BrokenWheelError("its name is not a wheel's")
    try:
        with zipfile.ZipFile(stream) as archive:
            return _read_member(archive, expected[0])
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise BrokenWheelError("it is not a zip archive") from error


def stub_wheel(filename: str, metadata: str) -> bytes:
    """Return a wheel that holds metadata and nothing else: all that a resolver looks at."""
    stem = "-".join(filename.split("-")[:2])
    files = {
        f"{stem}.dist-info/METADATA": metadata,
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{stem}.dist-info/RECORD": "",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), text)
    return buffer.getvalue()


def _sdist_of(filename: str) -> tuple[str, str] | None:
    from packaging.utils import InvalidSdistFilename, parse_sdist_filename

    try:
        name, version = parse_sdist_filename(filename)
    except InvalidSdistFilename:
        return None
    return name, str(version)


# Pages list a version and a name hundreds of times; parsing them once keeps big pages cheap.
@functools.lru_cache(maxsize=4096)
def _canonical_version(text: str) -> str | None:
    from packaging.version import InvalidVersion, Version

    try:
        return str(Version(text.replace("_", "-")))
    except InvalidVersion:
        return None


_NO_DIGITS = bytes(set(range(256)) - set(b"123456789"))


def _digits(version: str) -> bytes:
    """Return the digits of a version but its zeros: none of its spellings (PEP 440) has others."""
    return version.encode("ascii", "ignore").translate(None, _NO_DIGITS)


@functools.lru_cache(maxsize=4096)
def _canonical_name(text: str) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(text)


@functools.cache
def _rank_tags(series: tuple[int, int], machine: str, glibc: str) -> dict[Tag, int]:
    from packaging import tags

    interpreter = f"cp{series[0]}{series[1]}"
    abi = interpreter if series >= (3, 8) else f"{interpreter}m"  # of PEP 3149's flags, the last
    platforms = _platform_tags(machine, glibc)
    ordered = [
        *tags.cpython_tags(series, abis=[abi], platforms=platforms),
        *tags.compatible_tags(series, interpreter=interpreter, platforms=platforms),
    ]
    return {tag: rank for rank, tag in reversed(list(enumerate(ordered)))}


def _platform_tags(machine: str, glibc: str) -> Sequence[str]:
    """Return platform tags, the best first (PEP 600; the older names by PEP 513, 571 and 599)."""
    newest = int(glibc.split(".")[1])
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    oldest = 5 if machine == "x86_64" else 17
    names = []
    for minor in range(newest, oldest - 1, -1):
        names.append(f"manylinux_2_{minor}_{machine}")
        if minor in legacy:
            names.append(f"{legacy[minor]}_{machine}")
    return [f"linux_{machine}", *names]


def _read_member(archive: zipfile.ZipFile, name: str) -> str:
    from packaging.utils import canonicalize_name

    found = [
        member
        for member in archive.namelist()
        if re.fullmatch(r"[^/]+\.dist-info/METADATA", member)
        and canonicalize_name(member.split("-", 1)[0]) == name
    ]
    if len(found) != 1:
        raise BrokenWheelError("it has no `.dist-info/METADATA` of its name")
    return archive.read(found[0]).decode("utf-8", errors="replace")
