"""What stands where a spec is expected, and is registered: found in the store, its files in the cache."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from envc.cli.console import Console
from envc.diagnostics import Diagnostic
from envc.errors import UsageError
from envc.machine import Machine

__all__ = ["is_registered", "resolve_spec", "resolve_specs"]

_LOOKS_REGISTERED = re.compile(
    r"(envc/)?[a-z0-9._-]+[@:][A-Za-z0-9._-]+|envc/[a-z0-9._-]+|[0-9a-f]{12,64}"
)

_SPECS = frozenset({".envc", ".yaml", ".yml"})


def resolve_specs(
    arguments: argparse.Namespace,
    console: Console,
    *,
    is_changing: bool,
    takes_image: bool = False,
) -> None:
    """Let the specs among a verb's arguments be paths of files.

    `given` has for each path what it is called: a path as it was written, `NAME@VERSION`, or the
    first digits of an env id, which says a variant and a platform, too, where the arguments do not.

    Args:
        takes_image: Whether `spec` may be an image: where it is nothing else, it becomes `named_image`,
            and `reasons` has why it is nothing else.

    Raises:
        UsageError: A version is named that is not registered (E704), or that the verb would change
            (E711); an env id that is not one's (E713, E714), or whose content is not kept (E715); or
            an image where there is to be a spec (E737).
        ToolError: The store (E70x) or the cache (E553) cannot be used.
    """
    one, several = getattr(arguments, "spec", None), getattr(arguments, "specs", None)
    paths = [path for path in (one, *(several or ())) if isinstance(path, Path)]
    arguments.given = {path: str(path) for path in paths}
    if takes_image:
        arguments.named_image = ""
    if takes_image and isinstance(one, Path) and _may_be_image(one):
        arguments.reasons = _explain_other(one, Machine.here(console.environment))
        if arguments.reasons:
            arguments.named_image = str(one)
            return
    elif images := [path for path in paths if _is_image(path)]:
        raise UsageError([_refuse_image(path) for path in images])
    named = [path for path in paths if is_registered(path)]
    if not named:
        return
    if is_changing:
        raise UsageError([_refuse_change(path) for path in named])
    machine = Machine.here(console.environment)
    found = {path: _find(path, machine) for path in dict.fromkeys(named)}
    arguments.given = {
        found[path][0] if path in found else path: found[path][1] if path in found else str(path)
        for path in paths
    }
    if one in found:
        arguments.spec, _, place = found[one]
        if place is not None:
            _choose(arguments, *place)
    if several is not None:
        arguments.specs = [found[path][0] if path in found else path for path in several]


def resolve_spec(path: Path, machine: Machine) -> Path:
    """Return the path of a spec's file: a file that is there is meant before what is registered.

    `NAME@VERSION` and `NAME:LABEL` are versions of the store; their files are in the cache then. So
    are those of an env id, of which 12 digits are enough.
    `envc/NAME` is a curated environment, whose files lie with envc.

    Raises:
        UsageError: A version is named that is not registered (E704), or a curated environment that
            there is not (E740), or a version of one (E746), or an env id that is not one's (E713,
            E714), or whose content is not kept (E715).
        ToolError: The store (E70x) or the cache (E553) cannot be used.
    """
    return _find(path, machine)[0] if is_registered(path) else path


_Found = tuple[Path, str, tuple[str, str] | None]
"""Where a spec is, what it is called, and the variant and the platform that are meant, if one is."""


def _find(path: Path, machine: Machine) -> _Found:
    from envc.store.checkout import check_out
    from envc.store.naming import (
        curated_name,
        find_version,
        parse_id,
        parse_reference,
        unknown_environment,
    )
    from envc.store.store import Store

    start = parse_id(str(path))
    if start is not None:
        return _find_id(start, machine)
    reference = parse_reference(str(path))
    if reference is None:
        return path, str(path), None
    if reference.is_curated:
        from envc.curated import spec

        return spec(curated_name(reference)), reference.name, None
    store = Store.find(machine.home)
    if store is None:
        raise unknown_environment(None, reference.name)
    with store:
        version = find_version(store, reference)
        return check_out(store.content, version, machine.cache), version.reference, None


def _find_id(start: str, machine: Machine) -> _Found:
    from envc.store.checkout import check_out
    from envc.store.naming import find_id, require_content, unknown_id
    from envc.store.store import Store

    store = Store.find(machine.home)
    if store is None:
        raise unknown_id(start)
    with store:
        env_id, found = find_id(store, start)
        require_content(found)
        spec = check_out(store.content, found, machine.cache)
    places = {
        known: (variant, platform)
        for variant, own in found.draft.env_ids.items()
        for platform, known in own.items()
    }
    return spec, found.reference, places[env_id]


def _choose(arguments: argparse.Namespace, variant: str, platform: str) -> None:
    """Let a verb mean what an env id says, as far as it can choose and nobody did."""
    if variant and getattr(arguments, "variants", None) == []:
        arguments.variants = [variant]
    if "platform" in arguments and not arguments.platform:
        arguments.platform = platform


def is_registered(path: Path) -> bool:
    """Say whether a version may be meant; a cheap question, since every verb asks it."""
    return _LOOKS_REGISTERED.fullmatch(str(path)) is not None and not path.exists()


def _may_be_image(path: Path) -> bool:
    """Say whether it can be an image, as far as its name tells: it is not a file's."""
    from envc.reference import ImageReference
    from envc.store.naming import parse_id

    if path.suffix in _SPECS or path.exists() or str(path).startswith("envc/"):
        return False
    if parse_id(str(path)) is not None:
        return False
    try:
        ImageReference.parse(str(path))
    except ValueError:
        return False
    return True


def _is_image(path: Path) -> bool:
    """Say whether it must be an image: it names a registry and a tag or a digest."""
    from envc.reference import names_registry

    text = str(path)
    has_tag = ":" in text.rpartition("/")[2]
    return has_tag and names_registry(text) and _may_be_image(path)


def _explain_other(path: Path, machine: Machine) -> tuple[str, ...]:
    """Return why a name is neither a file nor a version, sentence by sentence; empty where it is one.

    Raises:
        UsageError: It is registered, and has no such version or label (E704).
        ToolError: The store cannot be used (E70x).
    """
    from envc.store.naming import find_version, parse_reference, unknown_environment
    from envc.store.store import Store

    reference = parse_reference(str(path))
    reasons = (f"there is no file `{path}`",)
    if reference is None:
        return (*reasons, f"`{path}` cannot be the name of a registered version")
    store = Store.find(machine.home)
    if store is None:
        return (*reasons, _tell(unknown_environment(None, reference.name)))
    with store:
        if store.environment(reference.name) is None:
            return (*reasons, _tell(unknown_environment(store, reference.name)))
        find_version(store, reference)
    if reference.is_bare:
        return (*reasons, f"a version is meant by `{path}@latest`, not by `{path}`")
    return ()


def _tell(error: UsageError) -> str:
    problem = error.diagnostics[0]
    is_guess = problem.hint.startswith("did you mean")
    return f"{problem.message}: {problem.hint}" if is_guess else problem.message


def _refuse_image(path: Path) -> Diagnostic:
    hint = f"name the spec that it is made of; `envc run {path} -- COMMAND` runs in the image"
    return Diagnostic(code="E737", message=f"`{path}` is an image, not a spec", hint=hint)


def _refuse_change(path: Path) -> Diagnostic:
    from envc.store.naming import parse_id

    is_curated = str(path).startswith("envc/")
    why = "ships with envc" if is_curated else "is registered"
    why = "is what was built" if parse_id(str(path)) is not None else why
    hint = f"`envc env get {path} DIR` writes its files where they can be changed"
    return Diagnostic(code="E711", message=f"`{path}` {why}, and never changes", hint=hint)
