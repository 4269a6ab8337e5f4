"""Debian packages resolved by the base's own apt, which the engine runs: their closure, with hashes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from envc.errors import InputError, ToolError
from envc.lock.package import SystemPackage
from envc.platform import PLATFORMS, Platform
from envc.process import Completed
from envc.reference import ImageReference
from envc.registry.asked import mirror_reference
from envc.registry.transport import check_bundle, find_bundle
from envc.resolve.base import Report
from envc.resolve.debian.apt_problem import (
    explain,
    explain_archive,
    explain_no_apt,
    explain_platform,
    explain_snapshots,
)
from envc.resolve.debian.solver import (
    SystemRequest,
    SystemResolution,
    is_snapshot,
    snapshot_addresses,
)

if TYPE_CHECKING:
    from envc.engine.consultation import Consultation

__all__ = ["Apt", "AptEngine"]

_ROOT = "/envc/root"
_CERTIFICATES = "/envc/certificates.pem"
_PREFERENCES = "/envc/preferences"
_EDITS = "/envc/sources.sed"
_FOREIGN = ("/etc/apt", "/var/lib/dpkg", "/usr/share/keyrings")
_NO_APT = 64
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_LINE = re.compile(r"'([^']+)' (\S+) (\d+) (?:SHA256:([0-9a-f]{64}))?")

# Sections of the answer start with `#### `. Nothing is installed: the container is thrown away.
_SCRIPT = f"""
set -u
command -v apt-get >/dev/null && command -v dpkg >/dev/null || {{
    for tool in rpm apk pacman; do command -v $tool >/dev/null && echo "$tool"; done
    exit {_NO_APT}
}}
root=$ENVC_ROOT
set -- -o Acquire::ForceHash=SHA256 -o Acquire::Languages=none -o Acquire::Retries=3 \\
    -o Acquire::http::Timeout=30 -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any \\
    -o APT::Install-Recommends=false -o APT::Install-Suggests=false \\
    -o Dir::Etc::Preferences={_PREFERENCES}
[ -n "$root" ] && set -- "$@" -o "Dir=$root" -o "Dir::State::status=$root/var/lib/dpkg/status" \\
    -o "APT::Architecture=$ENVC_ARCHITECTURE" -o "APT::Architectures=$ENVC_ARCHITECTURE"
[ -f {_CERTIFICATES} ] && set -- "$@" -o Acquire::https::CAInfo={_CERTIFICATES}
[ -n "$ENVC_SNAPSHOT" ] && set -- "$@" -o Acquire::Check-Valid-Until=false
mkdir -p "$root/var/lib/apt/lists/partial" "$root/var/cache/apt/archives/partial" \\
    "$root/etc/apt/preferences.d" "$root/etc/apt/apt.conf.d"
echo '#### sources'
for file in "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*; do
    [ -f "$file" ] || continue
    sed -f {_EDITS} "$file" >/envc/edited && cat /envc/edited >"$file"
    sed -e 's/#.*//' "$file" | grep -oE '(https?|file|cdrom|copy|ftp|mirror\\+[a-z]+|mirror):[^] ]*'
done
echo '#### update'
apt-get "$@" update -qq 2>&1 || exit 65
echo '#### packages'
apt-get "$@" install --print-uris -qq -y $ENVC_PACKAGES 2>/envc/errors && exit
echo '#### errors'
cat /envc/errors
for package in $ENVC_PACKAGES; do
    echo "#### versions ${{package%%=*}}"
    apt-cache "$@" madison "${{package%%=*}}" | cut -d'|' -f2
    echo "#### providers ${{package%%=*}}"
    apt-cache "$@" showpkg "${{package%%=*}}" | sed -e '1,/^Reverse Provides/d' -e 's/ .*//'
done
echo '#### names'
for package in $ENVC_PACKAGES; do apt-cache "$@" pkgnames "$(printf %.1s "$package")"; done
exit 66
"""


class AptEngine(Protocol):
    """What is needed of `envc.engine.docker.Engine`."""

    def platform(self) -> str:
        """Return what it runs natively."""
        ...

    def consult(
        self,
        reference: ImageReference,
        platform: Platform,
        asked: Consultation,
        *,
        report: Report = ...,
    ) -> Completed:
        """Run a script in an image, with a network."""
        ...

    def read_folders(
        self,
        reference: ImageReference,
        platform: Platform,
        paths: tuple[str, ...],
        *,
        report: Report = ...,
    ) -> dict[str, bytes]:
        """Return folders of an image as tar archives."""
        ...


class Apt:
    """Resolves by apt, in a container of the base that is thrown away.

    For a platform that the engine does not run, the apt of the base's image for the engine's own
    platform is given the other image's sources, keys and list of what is installed.
    """

    def __init__(
        self, *, engine: Callable[[], AptEngine | None], environment: Mapping[str, str]
    ) -> None:
        """Remember whom to ask; nothing is opened yet.

        Args:
            engine: Gives the engine; None where there is none.
            environment: Names proxies and certificates.
        """
        self._engine = engine
        self._environment = environment

    def resolve(self, request: SystemRequest, report: Report) -> SystemResolution | None:
        """Return the packages; None where there is no engine. See `SystemSolver.resolve`."""
        engine = self._engine()
        if engine is None:
            return None
        report(f"resolving {len(request.requirements)} Debian packages with the base's apt")
        answer = self._ask(engine, request, report)
        sections = _split(answer.stdout)
        if answer.returncode == _NO_APT:
            raise InputError([explain_no_apt(request, answer.stdout.split())])
        snapshots = [place for _, place in _snapshots(request)]
        sources = {request.mirrors.to_canonical(one) for one in sections.get("sources", [])}
        strange = [one for one in sorted(sources) if not is_snapshot(one, snapshots)]
        if snapshots and strange:
            raise InputError([explain_snapshots(request, strange)])
        if answer.returncode != 0:
            raise explain(request, sections, answer.stderr)
        rows = [self._read(request, line) for line in sections.get("packages", []) if line]
        return SystemResolution(packages=tuple(sorted(rows, key=lambda row: row.name)))

    def _ask(self, engine: AptEngine, request: SystemRequest, report: Report) -> Completed:
        from envc.engine.consultation import Consultation  # loads slowly, and few specs need it

        asked, files = dict(self._variables(request)), self._files(request)
        native = PLATFORMS.get(engine.platform())
        base = request.base
        if request.built_from is None:
            base = mirror_reference(base, request.mirrors)
        if native is None or native == request.platform:
            question = Consultation(script=_SCRIPT, variables=asked, files=files)
            return engine.consult(base, request.platform, question, report=report)
        if request.named.digest is not None and request.named == request.base:
            raise ToolError([explain_platform(request, native)])
        folders = engine.read_folders(base, request.platform, _FOREIGN, report=report)
        archives: dict[str, list[bytes]] = {}
        for path, archive in folders.items():
            archives.setdefault(f"{_ROOT}{path.rpartition('/')[0]}", []).append(archive)
        architecture = {"ENVC_ROOT": _ROOT, "ENVC_ARCHITECTURE": request.platform.architecture}
        question = Consultation(
            script=_SCRIPT, variables=asked | architecture, files=files, archives=archives
        )
        try:
            named = mirror_reference(request.named, request.mirrors)
            return engine.consult(named, native, question, report=report)
        except ToolError as error:
            if error.diagnostics[0].code not in {"E603", "E604"}:
                raise
            raise ToolError([explain_platform(request, native)]) from error

    def _variables(self, request: SystemRequest) -> Iterator[tuple[str, str]]:
        for name in _PROXIES:
            value = self._environment.get(name) or self._environment.get(name.upper())
            if value:
                yield name, value
        yield "LC_ALL", "C"
        yield "DEBIAN_FRONTEND", "noninteractive"
        yield "ENVC_ROOT", ""
        yield "ENVC_ARCHITECTURE", ""
        yield "ENVC_SNAPSHOT", request.snapshot.text if request.snapshot is not None else ""
        yield "ENVC_PACKAGES", " ".join(one.text for one in request.requirements)

    def _files(self, request: SystemRequest) -> dict[str, bytes]:
        files = {_EDITS: _edits(request).encode(), _PREFERENCES: _preferences(request).encode()}
        if (bundle := find_bundle(self._environment)) is not None:
            check_bundle(bundle, "E394")
            files[_CERTIFICATES] = Path(bundle).read_bytes()
        return files

    def _read(self, request: SystemRequest, line: str) -> SystemPackage:
        found = _LINE.match(line)
        if found is None or found[4] is None or not found[1].startswith(("http://", "https://")):
            raise ToolError([explain_archive(request, [f"it offers {line}"])])
        name, version, rest = unquote(found[2]).split("_", 2)
        return SystemPackage(
            name=name,
            version=version,
            architecture=rest.removesuffix(".deb"),
            url=request.mirrors.to_canonical(found[1]),
            sha256=found[4],
            size=int(found[3]),
        )


def _snapshots(request: SystemRequest) -> tuple[tuple[str, str], ...]:
    return snapshot_addresses(request.snapshot.moment) if request.snapshot is not None else ()


def _edits(request: SystemRequest) -> str:
    """Return what sed does to lists of sources: snapshots first, and then the mirrors of all."""
    pairs = [(one, request.mirrors.to_mirror(place)) for one, place in _snapshots(request)]
    known = {one for one, _ in pairs}
    pairs += [
        (one, mirror)
        for one, mirror in sorted(request.mirrors.pairs, key=lambda pair: -len(pair[0]))
        if one.startswith(("http://", "https://")) and one not in known
    ]
    # The end of an address: `/debian` is not the start of `/debian-security`.
    return "".join(
        f"s#{_escape(one)}\\(/\\|[[:space:]]\\|$\\)#{_escape_new(new)}\\1#g\n" for one, new in pairs
    )


def _preferences(request: SystemRequest) -> str:
    """Return pins for versions to keep: a pin on what the archive has no more says nothing."""
    return "\n".join(
        f"Package: {one.name}\nPin: version {one.version}\nPin-Priority: 1001\n"
        for one in request.preferred
    )


def _escape(text: str) -> str:
    return re.sub(r"([\\.*\[\]^$#])", r"\\\1", text)


def _escape_new(text: str) -> str:
    return re.sub(r"([\\&#])", r"\\\1", text)


def _split(text: str) -> dict[str, list[str]]:
    """Return the lines of each section of an answer."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("#### "):
            lines = sections.setdefault(line.removeprefix("#### "), [])
        else:
            lines.append(line)
    return sections
