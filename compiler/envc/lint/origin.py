"""Rules about where things come from: Python, the channels and the indexes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import urlsplit

from envc.diagnostics import Diagnostic, Label
from envc.lint.finding import Add, Finding, Remove, Replace, Rule
from envc.lint.subject import CondaPackage, Subject
from envc.source import Span
from envc.spec.defaults import canonical_address, channel_addresses
from envc.spec.entry import Entry, channel_entries
from envc.spec.matchspec import normal_matchspec

__all__ = ["RULES"]

# https://devguide.python.org/versions/: the first release of each series, and the end of its support.
_SERIES = {
    6: (date(2016, 12, 23), date(2021, 12, 23)),
    7: (date(2018, 6, 27), date(2023, 6, 27)),
    8: (date(2019, 10, 14), date(2024, 10, 7)),
    9: (date(2020, 10, 5), date(2025, 10, 31)),
    10: (date(2021, 10, 4), date(2026, 10, 31)),
    11: (date(2022, 10, 24), date(2027, 10, 31)),
    12: (date(2023, 10, 2), date(2028, 10, 31)),
    13: (date(2024, 10, 7), date(2029, 10, 31)),
    14: (date(2025, 10, 7), date(2030, 10, 31)),
    15: (date(2026, 10, 1), date(2031, 10, 31)),
}
_NAMED_SERIES = re.compile(r"(?:==?)?3\.([0-9]+)(?:\.[0-9*]+)*")
_SECURE_HOSTS = frozenset(
    {"conda.anaconda.org", "download.pytorch.org", "files.pythonhosted.org", "pypi.nvidia.com"}
    | {"pypi.org", "repo.anaconda.com", "repo.prefix.dev", "test.pypi.org"}
)
_PUBLIC_INDEXES = frozenset({"pypi.org", "test.pypi.org", "pypi.python.org"})
_HERE = re.compile(r"localhost|127\.[0-9.]+|\[?::1\]?")


def _python_twice(subject: Subject) -> Iterator[Finding]:
    python = subject.text(("python",))
    if not python:
        return
    for package in subject.conda:
        if package.name != "python" or package.parts.build or package.parts.bracket:
            continue
        same = normal_matchspec(package.entry.text) == normal_matchspec(f"python {python}.*")
        is_last = len(subject.conda) == 1
        warning = Diagnostic(
            code="W220",
            message="Python's version is said twice",
            labels=(
                Label(span=subject.document.span(package.entry.path)),
                Label(span=subject.document.span(("python",)), text="and here"),
            ),
            hint="keep `python` beside the blocks, and no Conda package of that name",
        )
        path = package.entry.path
        item = path if isinstance(path[-1], int) else path[:-1]
        is_plain = same and not is_last and not package.platform
        yield Finding(warning=warning, fix=Remove(path=item) if is_plain else None)


def _no_python(subject: Subject) -> Iterator[Finding]:
    spec = subject.spec
    wants_pip = bool(subject.pip or spec.pip.wheels or spec.pip.sources)
    python = _conda_python(subject)
    if subject.document.data_at(("python",)) is not None:
        return
    if python is not None and python.has_version:
        return
    if subject.conda and (wants_pip or python is not None):
        span = subject.document.span(python.entry.path if python else subject.conda[0].entry.path)
        message = "no version of Python is named: it is the newest that the packages allow"
    elif wants_pip and not subject.conda and subject.document.data_at(("base",)) is None:
        span = subject.document.key_span(("pip",))
        message = "no version of Python is named: it is the one that envc chooses"
    else:
        return
    hint = "add one, such as `python 3.12` (in YAML `python: 3.12`)"
    yield Finding(warning=Diagnostic.at(span, "W221", message, hint=hint))


def _old_python(subject: Subject) -> Iterator[Finding]:
    for minor, span in _python_series(subject):
        _, end = _SERIES.get(minor, (date.max, date.max))
        if minor < min(_SERIES) or end < subject.today:
            since = f" since {end.isoformat()}" if minor in _SERIES else ""
            newest = max(key for key, (start, _) in _SERIES.items() if start <= subject.today)
            yield Finding(
                warning=Diagnostic.at(
                    span,
                    "W222",
                    f"Python 3.{minor} has had no security fixes{since}",
                    hint=f"move to a newer one; the newest that envc knows is 3.{newest}",
                )
            )


def _unknown_python(subject: Subject) -> Iterator[Finding]:
    for minor, span in _python_series(subject):
        start, _ = _SERIES.get(minor, (date.max, date.max))
        if minor > max(_SERIES) or (minor in _SERIES and start > subject.today):
            yield Finding(
                warning=Diagnostic.at(
                    span,
                    "W223",
                    f"Python 3.{minor} is none that envc knows to be released",
                    hint="check the number; few packages are ready for a Python on its first day",
                )
            )


def _no_channels(subject: Subject) -> Iterator[Finding]:
    names = [package for package in subject.conda if not package.parts.channel]
    if not names or subject.document.data_at(("channels",)) is not None:
        return
    yield Finding(
        warning=Diagnostic.at(
            subject.document.key_span(("conda",)),
            "W224",
            "no channels are named: `conda-forge` is meant",
            hint="say so: `channels conda-forge` (in YAML `channels: [conda-forge]`)",
        ),
        fix=Add(key="channels", word="conda-forge", before="conda"),
    )


def _mixed_channels(subject: Subject) -> Iterator[Finding]:
    listed = channel_entries(subject.document)
    hosts = {entry: _is_of_anaconda(entry.text) for entry in listed}
    forge = next((entry for entry in listed if entry.text.endswith("conda-forge")), None)
    own = next((entry for entry, is_own in hosts.items() if is_own), None)
    if forge is None or own is None:
        return
    yield Finding(
        warning=Diagnostic(
            code="W225",
            message=f"packages of `{own.text}` and of `{forge.text}` are not built for each other",
            labels=(
                Label(span=subject.document.span(own.path)),
                Label(span=subject.document.span(forge.path), text="the other one"),
            ),
            hint="keep one of them; `conda-forge` has nearly everything that the other has",
        )
    )


def _plain_http(subject: Subject) -> Iterator[Finding]:
    for entry in _addresses(subject):
        parts = urlsplit(entry.text)
        host = parts.hostname or ""
        if parts.scheme != "http" or _HERE.fullmatch(host):
            continue
        is_known = host in _SECURE_HOSTS and parts.port is None
        scheme = entry.text[: len("http")]
        fix = Replace(path=entry.path, start=0, end=len(scheme), text="https")
        yield Finding(
            warning=Diagnostic.at(
                subject.part(entry.path, 0, len(scheme)),
                "W226",
                f"what `{host}` says over `http` can be changed on its way",
                hint="write `https`" if is_known else "write `https`, where the host has it",
            ),
            fix=fix if is_known else None,
        )


def _public_index_first(subject: Subject) -> Iterator[Finding]:
    indexes = _indexes(subject)
    hosts = [(urlsplit(entry.text).hostname or "") for entry in indexes]
    for index, entry in enumerate(indexes):
        later = [
            other
            for other, host in zip(indexes[index + 1 :], hosts[index + 1 :], strict=True)
            if host not in _PUBLIC_INDEXES and _is_private(subject, other)
        ]
        if hosts[index] in _PUBLIC_INDEXES and later:
            yield Finding(
                warning=Diagnostic(
                    code="W227",
                    message="anybody can take the name of a package of yours on the public index, "
                    "which is asked first",
                    labels=(
                        Label(span=subject.document.span(entry.path)),
                        Label(span=subject.document.span(later[0].path), text="asked after it"),
                    ),
                    hint="put your own index first: the first that knows a package wins",
                )
            )
            return


def _later_than_today(subject: Subject) -> Iterator[Finding]:
    for path in (("exclude-newer",), ("system", "snapshot")):
        try:
            found = date.fromisoformat(subject.text(path)[: len("2026-01-31")])
        except ValueError:
            continue
        # Somewhere it is tomorrow already.
        if found > subject.today + timedelta(days=1):
            yield Finding(
                warning=Diagnostic.at(
                    subject.document.span(path),
                    "W245",
                    f"`{subject.text(path)}` is yet to come: until then it leaves nothing out",
                    hint="write a day that is over",
                )
            )


RULES = (
    Rule(code="W220", name="python-twice", find=_python_twice),
    Rule(code="W221", name="no-python", find=_no_python),
    Rule(code="W222", name="old-python", find=_old_python),
    Rule(code="W223", name="unknown-python", find=_unknown_python),
    Rule(code="W224", name="no-channels", find=_no_channels),
    Rule(code="W225", name="mixed-channels", find=_mixed_channels),
    Rule(code="W226", name="plain-http", find=_plain_http),
    Rule(code="W227", name="public-index-first", find=_public_index_first),
    Rule(code="W245", name="later-than-today", find=_later_than_today, is_sure=True),
)


def _conda_python(subject: Subject) -> CondaPackage | None:
    return next((package for package in subject.conda if package.name == "python"), None)


def _python_series(subject: Subject) -> Iterator[tuple[int, Span]]:
    """Yield the series of Python 3 that is named, and where: by the spec, a package or the base."""
    document, package = subject.document, _conda_python(subject)
    if named := _NAMED_SERIES.fullmatch(subject.text(("python",))):
        yield int(named[1]), document.span(("python",))
    elif package is not None and (named := _NAMED_SERIES.fullmatch(package.parts.version)):
        yield int(named[1]), document.span(package.entry.path)
    elif (base := subject.base) is not None and base.repository.endswith("/python"):
        tag = (base.tag or "").partition("-")[0]
        if subject.text(("base", "image")) and (named := _NAMED_SERIES.fullmatch(tag)):
            yield int(named[1]), document.span(("base", "image"))


def _is_of_anaconda(name: str) -> bool:
    host = "repo.anaconda.com"
    return any(urlsplit(address).hostname == host for address in channel_addresses(name))


def _addresses(subject: Subject) -> tuple[Entry, ...]:
    channels = (entry for entry in channel_entries(subject.document) if "://" in entry.text)
    return (*channels, *_indexes(subject), *_find_links(subject))


def _indexes(subject: Subject) -> tuple[Entry, ...]:
    return tuple(_urls(subject, "indexes"))


def _find_links(subject: Subject) -> tuple[Entry, ...]:
    return tuple(_urls(subject, "find-links"))


def _urls(subject: Subject, key: str) -> Iterator[Entry]:
    items = subject.document.data_at(("pip", key))
    for index in range(len(items) if isinstance(items, list) else 0):
        path = ("pip", key, index, "url")
        if text := subject.text(path):
            yield Entry(path=path, text=text)


def _is_private(subject: Subject, entry: Entry) -> bool:
    """Say whether an index is somebody's own: it wants a secret, or has no name of the public net."""
    if subject.text((*entry.path[:-1], "secret")):
        return True
    host = urlsplit(canonical_address(entry.text)).hostname or ""
    is_internal = host.endswith((".internal", ".local", ".lan", ".corp", ".intranet"))
    return is_internal or "." not in host or host.startswith(("10.", "192.168."))
