"""What envc takes from the machine it runs on, read once and handed on as values."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.errors import UsageError
from envc.frozen import frozen
from envc.mirror import MirrorMap, hide_user
from envc.reference import ImageReference

__all__ = ["Machine", "parse_mirrors"]

_ADDRESS = re.compile(r"[a-z]+://(?:[^\s/\[\]]+|\[[0-9a-fA-F:.]+\](?::[0-9]+)?)?(?:/\S*)?")


def _ignore(_: str) -> None:
    """Tell nobody."""


@frozen
class Machine:
    """What envc takes from the machine that it runs on.

    Attributes:
        environment: Environment variables: of proxies, credentials, Docker, and of secrets by name.
        cache: A folder of the user's own; all in it can be made again.
        mirrors: From canonical to reachable addresses.
        tell: Told, a line each, why envc waits before it asks a registry or a host again.
    """

    environment: Mapping[str, str] = field(repr=False)
    cache: Path
    mirrors: MirrorMap
    tell: Callable[[str], None] = field(default=_ignore, repr=False, compare=False)

    @property
    def home(self) -> Path:
        """The folder of what must not get lost: `ENVC_HOME`, else the platform's own place for it."""
        if named := self.environment.get("ENVC_HOME"):
            return Path(named)
        from platformdirs import user_data_dir

        return Path(user_data_dir("envc", appauthor=False))

    @staticmethod
    def here(
        environment: Mapping[str, str] | None = None,
        *,
        mirrors: Sequence[str] = (),
        tell: Callable[[str], None] = _ignore,
    ) -> Machine:
        """Return this machine: the cache is `ENVC_CACHE`, else the platform's own place for it.

        Args:
            environment: By default, this process's.
            mirrors: `CANONICAL=MIRROR` entries; an address that has one there needs none of
                `ENVC_MIRRORS`.
            tell: Told why envc waits.

        Raises:
            UsageError: A mirror is not of this form, or an address has two (E002).
        """
        environment = dict(os.environ if environment is None else environment)
        asked = parse_mirrors(mirrors).pairs
        usual = parse_mirrors(environment.get("ENVC_MIRRORS", "").split()).pairs
        kept = tuple(pair for pair in usual if pair[0] not in dict(asked))
        cache = environment.get("ENVC_CACHE")
        if not cache:
            from platformdirs import user_cache_dir

            cache = user_cache_dir("envc", appauthor=False)
        return Machine(
            environment=environment,
            cache=Path(cache),
            mirrors=MirrorMap((*asked, *kept)),
            tell=tell,
        )


def parse_mirrors(entries: Sequence[str]) -> MirrorMap:
    """Return the map that `CANONICAL=MIRROR` entries describe.

    Raises:
        UsageError: One is not of this form, one of its sides is no address or registry, or it is
            the address's second one (E002).
    """
    pairs: dict[str, str] = {}
    problems = []
    for entry in entries:
        try:
            ((canonical, mirror),) = MirrorMap.parse([entry]).pairs
        except ValueError:
            message = f"`{hide_user(entry)}` is not a mirror"
            hint = "write `CANONICAL=MIRROR`, such as `https://pypi.org/simple=https://proxy/pypi`"
            problems.append(Diagnostic(code="E002", message=message, hint=hint))
            continue
        if hint := _advise_canonical(canonical):
            message = f"`{hide_user(canonical)}` is nothing that a mirror can stand for"
            problems.append(Diagnostic(code="E002", message=message, hint=hint))
        elif hint := _advise(canonical, mirror):
            message = f"nothing can be fetched from the mirror `{hide_user(mirror)}`"
            problems.append(Diagnostic(code="E002", message=message, hint=hint))
        elif pairs.setdefault(canonical, mirror) != mirror:
            both = " and ".join(f"`{hide_user(one)}`" for one in (pairs[canonical], mirror))
            message = f"`{canonical}` has two mirrors, {both}"
            problems.append(Diagnostic(code="E002", message=message, hint="name one of them"))
    if problems:
        raise UsageError(problems)
    return MirrorMap(tuple(pairs.items()))


def _advise_canonical(canonical: str) -> str:
    """Return how to write what a mirror stands for; empty where it is right."""
    if "://" in canonical:
        return "" if _ADDRESS.fullmatch(canonical) else "write it as locks do: `https://HOST/PATH`"
    found = _registry_of(canonical)
    if found == canonical.partition("/")[0]:
        return ""
    if found and "." in canonical.partition("/")[0]:
        return f"write `{found}`, as locks do"
    return "write the address of an index or a channel, `https://…`, or a registry's host"


def _advise(canonical: str, mirror: str) -> str:
    """Return how to write what stands for an address or for a registry; empty where it is right."""
    if "://" in canonical:
        hint = f"write its whole address: `{canonical}=https://…`"
        return "" if _ADDRESS.fullmatch(mirror) else hint
    host = mirror.partition("/")[0]
    # Docker takes a capital letter for a registry's, too; nobody can ask a host of one such word.
    is_reachable = host == "localhost" or bool(set(".:") & set(host))
    hint = f"name a registry by its host, without a scheme: `{canonical}=localhost:5000`"
    return "" if is_reachable and _registry_of(mirror) == host else hint


def _registry_of(place: str) -> str:
    """Return the registry of an image below a place; empty where there can be none."""
    try:
        return ImageReference.parse(f"{place}/image").registry
    except ValueError:
        return ""
