"""What limits a solver's choice, compared between a spec and its lock: constraints, dates, and so on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from envc.frozen import frozen
from envc.lock.model import Intent
from envc.spec.entry import texts
from envc.spec.matchspec import normal_matchspec
from envc.spec.requirement import normal_name, normal_requirement
from envc.syntax.document import Document, Path

__all__ = ["Difference", "compare_limits"]


@frozen
class Difference:
    """Something in which a spec and its lock differ.

    Attributes:
        path: Where the spec says it; where it says nothing, where it would.
        note: What the lock has instead; may be empty.
    """

    code: str
    message: str
    path: Path
    note: str = ""


def compare_limits(document: Document, wanted: Intent, locked: Intent) -> Iterator[Difference]:
    """Yield how the limits of a spec differ from those of its lock (E411, E420 to E424, E427)."""
    yield from _compare_constraints(document, wanted, locked)
    yield from _compare_virtual_packages(document, wanted, locked)
    if wanted.find_links != locked.find_links:
        yield Difference(
            code="E411",
            message="the places of `find-links` are not those of the lock",
            path=("pip", "find-links"),
            note=f"the lock has: {', '.join(locked.find_links) or 'none'}",
        )
    for name in sorted({*wanted.distributions, *locked.distributions}):
        now, then = wanted.distributions.get(name), locked.distributions.get(name)
        if now != then:
            said = f"is `{now}`" if now else "has no name"
            known = f"for `{then}`" if then else "without one"
            yield Difference(
                code="E424",
                message=f"`{name}` {said} for pip, and the lock was made {known}",
                path=("distributions", name),
            )
    yield from _compare_sdists(document, wanted, locked)
    if wanted.exclude_newer != locked.exclude_newer:
        yield Difference(
            code="E422",
            message=f"the spec takes {_until(wanted.exclude_newer)}, "
            f"and the lock was made with {_until(locked.exclude_newer)}",
            path=("exclude-newer",),
        )
    if wanted.snapshot != locked.snapshot and wanted.system and locked.system:
        yield Difference(
            code="E427",
            message=f"Debian's archive is read as {_at(wanted.snapshot)}, "
            f"and the lock was made as {_at(locked.snapshot)}",
            path=("system", "snapshot"),
        )
    if wanted.channel_priority != locked.channel_priority:
        yield Difference(
            code="E423",
            message=f"the priority of channels is `{wanted.channel_priority or 'strict'}`, "
            f"and the lock was made with `{locked.channel_priority or 'strict'}`",
            path=("channel-priority",),
        )


def _compare_constraints(
    document: Document, wanted: Intent, locked: Intent
) -> Iterator[Difference]:
    sections: tuple[
        tuple[str, Path, Callable[[str], str], tuple[str, ...], tuple[str, ...]], ...
    ] = (
        (
            "Conda constraint",
            ("conda", "constraints"),
            normal_matchspec,
            wanted.conda_constraints,
            locked.conda_constraints,
        ),
        (
            "pip constraint",
            ("pip", "constraints"),
            normal_requirement,
            wanted.pip_constraints,
            locked.pip_constraints,
        ),
        (
            "override",
            ("pip", "overrides"),
            normal_requirement,
            wanted.pip_overrides,
            locked.pip_overrides,
        ),
    )
    for word, path, normal, now, then in sections:
        for entry in texts(document, path):
            if normal(entry.text) in set(now) - set(then):
                message = f"the lock does not know the {word} `{entry.text.strip()}`"
                yield Difference(code="E420", message=message, path=entry.path)
        for text in sorted(set(then) - set(now)):
            message = f"the lock has the {word} `{text}`, which the spec does not have"
            yield Difference(code="E420", message=message, path=path)


def _compare_sdists(document: Document, wanted: Intent, locked: Intent) -> Iterator[Difference]:
    path: Path = ("pip", "sdists")
    for entry in texts(document, path):
        if normal_name(entry.text.strip()) in set(wanted.sdists) - set(locked.sdists):
            message = f"the lock does not know that `{entry.text.strip()}` may come as its source"
            yield Difference(code="E420", message=message, path=entry.path)
    for name in sorted(set(locked.sdists) - set(wanted.sdists)):
        message = f"the lock lets `{name}` come as its source, which the spec does not"
        yield Difference(code="E420", message=message, path=path)


def _compare_virtual_packages(
    document: Document, wanted: Intent, locked: Intent
) -> Iterator[Difference]:
    for name in sorted({*wanted.virtual_packages, *locked.virtual_packages}):
        now, then = wanted.virtual_packages.get(name), locked.virtual_packages.get(name)
        if now == then:
            continue
        is_cuda = name == "__cuda" and ("virtual-packages", name) not in document.spans
        said = f"`{now}`" if now is not None else "not stated"
        known = f"for `{then}`" if then is not None else "without it"
        yield Difference(
            code="E421",
            message=f"`{name}` is {said}, and the lock was made {known}",
            path=("cuda",) if is_cuda else ("virtual-packages", name),
        )


def _until(moment: str | None) -> str:
    return f"what there was before {moment}" if moment is not None else "all that there is"


def _at(moment: str | None) -> str:
    return f"it was at {moment}" if moment is not None else "it is"
