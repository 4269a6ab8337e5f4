"""`envc env` of what was built and is not registered: listed, shown beside versions, dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from envc.cli.columns import align, exact_time, format_time
from envc.cli.console import Console
from envc.cli.environment import describe_content, describe_version, show_content, show_version
from envc.cli.size import format_size
from envc.errors import UsageError
from envc.store.record import Anonymous, Version

if TYPE_CHECKING:
    from envc.store.store import Store

__all__ = [
    "describe_meant",
    "find_meant",
    "list_anonymous",
    "prune",
    "show_meant",
    "unknown_meant",
]


def find_meant(store: Store, text: str) -> Version | Anonymous:
    """Return what a reference or the first digits of an env id mean; a name goes before an id.

    Raises:
        UsageError: There is none (E704, E714), the text is neither (E705), or an id is ambiguous
            (E713).
    """
    from envc.store.naming import (
        find_id,
        find_version,
        parse_id,
        parse_reference,
        require_reference,
    )

    start, reference = parse_id(text), parse_reference(text)
    is_named = reference is not None and store.environment(reference.name) is not None
    if start is not None and not is_named:
        return find_id(store, start)[1]
    return find_version(store, require_reference(text))


def unknown_meant(text: str) -> UsageError:
    """Return what to raise where there is no store to look in (E704, E705, E714)."""
    from envc.store.naming import parse_id, require_reference, unknown_environment, unknown_id

    start = parse_id(text)
    if start is not None:
        return unknown_id(start)
    return unknown_environment(None, require_reference(text).name)


def describe_meant(found: Version | Anonymous) -> dict[str, Any]:
    """Return what `--json` says of a version, or of what is not registered."""
    if isinstance(found, Version):
        return describe_version(found)
    return {
        "name": found.name,
        "reference": found.reference,
        "origin": found.origin,
        "created": exact_time(found.created),
        "lack": found.lack or None,
        **describe_content(found.draft),
        "digest": found.draft.digest or None,
        "spec_id": found.draft.spec_id or None,
    }


def show_meant(found: Version | Anonymous) -> Iterator[str]:
    """Yield what is known of it, a line for each thing."""
    from envc.store.naming import tell_lack

    if isinstance(found, Version):
        yield from show_version(found)
        return
    yield found.reference
    rows = [
        ("environment", found.name),
        ("built", format_time(found.created)),
        ("from", found.origin),
        ("not kept", tell_lack(found.lack)),
        *show_content(found.draft),
    ]
    for line in align(row for row in rows if row[1]):
        yield f"  {line}"


def list_anonymous(store: Store | None, console: Console, *, as_json: bool) -> int:
    """Print a line for each env id: its first digits, when it was built, for what and from where."""
    known: tuple[Anonymous, ...] = ()
    if store is not None:
        with store:
            known = store.anonymous()
    if as_json:
        console.print_json({"anonymous": [describe_meant(one) for one in known]})
    elif known:
        console.print("\n".join(_list(known)))
    else:
        console.note("all that was built is registered, or nothing was")
    return 0


def prune(store: Store | None, console: Console, *, age_s: float, now: float, as_json: bool) -> int:
    """Drop what was not used for so long, and say what that was and how much it freed."""
    dropped: tuple[Anonymous, ...] = ()
    freed = 0
    if store is not None:
        with store:
            dropped, freed = store.prune(before=now - age_s, now=now)
    if as_json:
        described = [describe_meant(one) for one in dropped]
        console.print_json({"dropped": described, "freed_bytes": freed})
        return 0
    if dropped:
        console.print("\n".join(_list(dropped)))
    console.note(f"dropped {len(dropped)}, which freed {format_size(freed)}")
    return 0


def _list(entries: tuple[Anonymous, ...]) -> Iterator[str]:
    return align(
        (
            env_id.removeprefix("sha256:")[:12],
            format_time(one.created),
            " ".join(filter(None, (one.name, variant, platform))),
            "not kept" if one.lack else "",
            one.origin,
        )
        for one in entries
        for variant, own in one.draft.env_ids.items()
        for platform, env_id in own.items()
    )
