"""Conda requirements of other tools as lines of a spec: platforms by their names, Python apart."""

from __future__ import annotations

import re

from envc.interop.gathered import Gathered
from envc.platform import PLATFORMS
from envc.source import Span
from envc.spec.matchspec import split_matchspec
from envc.syntax.document import Data

__all__ = [
    "add_conda",
    "add_platforms",
    "platforms_of_selector",
    "settle",
]

_SUBDIRS = {platform.subdir: platform.name for platform in PLATFORMS.values()}
_ALL = frozenset(PLATFORMS)
_OTHERS = (
    "arm64",
    "emscripten",
    "linux-ppc64le",
    "linux-s390x",
    "macos",
    "osx",
    "osx-64",
    "osx-arm64",
    "osx64",
    "ppc64le",
    "s390x",
    "win",
    "win-64",
    "win-arm64",
    "win32",
    "win64",
)
_SELECTORS: dict[str, frozenset[str]] = {
    "linux": _ALL,
    "unix": _ALL,
    "linux64": frozenset({"linux/amd64"}),
    "linux-64": frozenset({"linux/amd64"}),
    "x86_64": frozenset({"linux/amd64"}),
    "aarch64": frozenset({"linux/arm64"}),
    "linux-aarch64": frozenset({"linux/arm64"}),
    **dict.fromkeys(_OTHERS, frozenset()),
}
"""What conda-build's selectors and pixi's targets mean on the platforms that envc knows."""
_FOLDER = re.compile(rf"/(?:noarch|{'|'.join(_SUBDIRS)})\s*::")
_SERIES = re.compile(r"(={0,2})([0-9]+\.[0-9]+(?:\.[0-9]+)?)(\.\*)?")


def platforms_of_selector(selector: str) -> frozenset[str] | None:
    """Return the platforms that a selector means; None where it is no selector that envc knows.

    >>> sorted(platforms_of_selector("linux64"))
    ['linux/amd64']
    >>> platforms_of_selector("py>37") is None
    True
    """
    return _SELECTORS.get(selector.strip())


def add_platforms(subdirs: list[tuple[str, Span | None]], gathered: Gathered) -> None:
    """Say the platforms that are Linux, and what is left out of the others."""
    names = []
    for subdir, span in subdirs:
        name = _SUBDIRS.get(subdir, "")
        if name:
            names.append((name, span))
        else:
            gathered.leave_out(subdir, "envc makes images for Linux on amd64 and arm64", span)
    if [name for name, _ in names] == ["linux/amd64"]:
        return
    for name, span in names:
        gathered.add(("platforms",), name, span)


def add_conda(
    text: str, span: Span | None, gathered: Gathered, *, on: frozenset[str] | None = None
) -> None:
    """Add a Conda package, for some platforms only where `on` says so.

    A folder of a channel, as mamba's exports name it (`conda-forge/noarch::tzdata`), is its channel.
    """
    text = _FOLDER.sub("::", text)
    if on is None or on == _ALL:
        gathered.add(("conda", "packages"), text.strip(), span, text)
        return
    if not on:
        gathered.leave_out(text, "it is for other platforms than Linux", span)
        return
    for platform in sorted(on):
        entry: Data = {"package": text.strip(), "on": platform}
        gathered.add(("conda", "packages"), entry, span, text)


def settle(gathered: Gathered) -> None:
    """Say what follows from all Conda packages together: further channels, and Python's version."""
    _settle_channels(gathered)
    _settle_python(gathered)


def _settle_channels(gathered: Gathered) -> None:
    """Add the channels that packages name and that are not listed: a spec lists all of its own."""
    for item in gathered.texts("conda", "packages"):
        text = item.value["package"] if isinstance(item.value, dict) else item.value
        parts = split_matchspec(str(text))
        listed = {
            str(one.value["channel"] if isinstance(one.value, dict) else one.value)
            for one in gathered.texts("channels")
        }
        if parts is None or not parts.channel or parts.channel in listed:
            continue
        gathered.add(("channels",), parts.channel, item.span)
        gathered.remark(
            f"the channel `{parts.channel}` is the last one: `{item.text}` names it, "
            "and a spec lists all channels",
            item.span,
        )


def _settle_python(gathered: Gathered) -> None:
    """Say Python's version as `python`, where it is a series or a release and Conda has others too.

    Without other Conda packages it stays one: Python is to come from Conda, as it did.
    """
    packages = gathered.texts("conda", "packages")
    found = [item for item in packages if isinstance(item.value, str) and _is_python(item.value)]
    if len(found) != 1 or len(packages) == 1:
        return
    parts = split_matchspec(str(found[0].value))
    series = _SERIES.fullmatch(parts.version) if parts is not None else None
    if parts is None or series is None or parts.channel or parts.build or parts.bracket:
        return
    equals, number, star = series.groups()
    if equals != "=" and star is None and number.count(".") < 2:
        return  # exactly X.Y, which is no series
    gathered.items = [item for item in gathered.items if item is not found[0]]
    gathered.put(("python",), number, found[0].span, found[0].text)


def _is_python(text: str) -> bool:
    parts = split_matchspec(text)
    return parts is not None and parts.name.lower() == "python"
