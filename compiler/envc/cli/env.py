"""`envc env`: environments that are registered under a name, in versions that never change."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from envc.cli.action import Action, add_actions, execute_action
from envc.cli.console import Console
from envc.cli.env_share import (
    add_pull,
    add_push,
    add_repository,
    list_repository,
    pull,
    push,
)
from envc.cli.env_upkeep import add_prune, add_repair, find_store, prune, repair
from envc.cli.verb import Verb, add_spec, machine_of

if TYPE_CHECKING:
    from envc.store.record import Environment

__all__ = ["VERB"]

_WHICH = "NAME, whose latest version is meant, NAME@VERSION or NAME:LABEL"
_WHICH_OR_CURATED = (
    f"{_WHICH}; or envc/NAME, which ships with envc; or an env id, or 8 or more of its first digits"
)


def _add_register(parser: argparse.ArgumentParser) -> None:
    add_spec(parser, text="the spec, NAME.envc or NAME.yaml, with its lock beside it")
    parser.add_argument("--name", metavar="NAME", help="default: the environment's own")
    parser.add_argument(
        "--label",
        dest="labels",
        action="append",
        default=[],
        metavar="LABEL|KEY=VALUE",
        help="a label that points at this version from now on, as NAME:LABEL, or something that is "
        "said of it; repeatable",
    )
    parser.add_argument("--description", metavar="TEXT", help="what it is for")


def _register(arguments: argparse.Namespace, console: Console) -> int:
    from envc import pipeline
    from envc.cli.environment import describe_version
    from envc.store.naming import parse_reference

    said = [text for text in arguments.labels if "=" in text]
    given = parse_reference(arguments.given[arguments.spec])
    # What is registered stays under its name: so its labels can be moved.
    own = given.name if given is not None and not given.is_curated and not given.is_bare else None
    options = pipeline.RegisterOptions(
        name=arguments.name if arguments.name is not None else own,
        labels=tuple(text for text in arguments.labels if "=" not in text),
        properties=dict(_split(text) for text in said),
        description=arguments.description,
    )
    machine = machine_of(arguments, console)
    done = pipeline.register(arguments.spec, machine, options, now=time.time())
    reference = done.version.reference
    if not done.is_new:
        console.note(f"this is {reference} already{', which was archived' * done.was_archived}")
    if arguments.json:
        console.print_json({**describe_version(done.version), "new": done.is_new})
    else:
        console.print(reference)
    return 0


def _split(text: str) -> tuple[str, str]:
    """Return the key and the value of a property.

    Raises:
        UsageError: The key is none (E708).
    """
    from envc.store.naming import check_label

    key, _, value = text.partition("=")
    return check_label(key.strip()), value.strip()


def _add_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--all", dest="takes_archived", action="store_true", help="those that are archived, too"
    )
    parser.add_argument(
        "--curated", action="store_true", help="instead, those that ship with envc: envc/NAME"
    )
    add_repository(
        parser, text="instead, those that a repository of a registry has, such as ghcr.io/TEAM/envs"
    )
    parser.add_argument(
        "--anonymous",
        action="store_true",
        help="instead, what was built and is not registered, the newest first",
    )


def _list(arguments: argparse.Namespace, console: Console) -> int:
    from envc.cli.environment import describe_environment, list_environments

    if arguments.curated:
        from envc.cli.curated import list_curated

        return list_curated(console, as_json=arguments.json)
    if arguments.repository is not None:
        return list_repository(arguments, console)
    if arguments.anonymous:
        from envc.cli.env_anonymous import list_anonymous

        return list_anonymous(find_store(console), console, as_json=arguments.json)
    store = find_store(console)
    known: tuple[Environment, ...] = ()
    if store is not None:
        with store:
            known = store.environments()
    listed = [one for one in known if arguments.takes_archived or not one.is_archived]
    if arguments.json:
        console.print_json({"environments": [describe_environment(one) for one in listed]})
    elif listed:
        console.print("\n".join(list_environments(listed)))
    elif known:
        console.note("all is archived; `envc env list --all` lists it")
    else:
        console.note("nothing is registered; `envc env register SPEC` registers a spec")
    return 0


def _add_reference(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reference", metavar="REFERENCE", help=_WHICH_OR_CURATED)


def _show(arguments: argparse.Namespace, console: Console) -> int:
    from envc.cli.env_anonymous import (
        describe_meant,
        find_meant,
        show_meant,
        unknown_meant,
    )
    from envc.store.naming import parse_reference

    reference = parse_reference(arguments.reference)
    if reference is not None and reference.is_curated:
        from envc.cli.curated import show_curated

        machine = machine_of(arguments, console)
        return show_curated(reference, machine, console, as_json=arguments.json)
    store = find_store(console)
    if store is None:
        raise unknown_meant(arguments.reference)
    with store:
        found = find_meant(store, arguments.reference)
    if arguments.json:
        console.print_json(describe_meant(found))
    else:
        console.print("\n".join(show_meant(found)))
    return 0


def _add_versions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the environment")


def _versions(arguments: argparse.Namespace, console: Console) -> int:
    from envc.cli.environment import describe_version, list_versions
    from envc.store.naming import unknown_environment

    store = find_store(console)
    if store is None:
        raise unknown_environment(None, arguments.name)
    with store:
        found = store.versions(arguments.name)
        if not found:
            raise unknown_environment(store, arguments.name)
    if arguments.json:
        console.print_json({"versions": [describe_version(one) for one in found]})
    else:
        console.print("\n".join(list_versions(found)))
    return 0


def _add_get(parser: argparse.ArgumentParser) -> None:
    _add_reference(parser)
    parser.add_argument(
        "folder",
        metavar="DIR",
        type=Path,
        nargs="?",
        help="where its files go; nothing else there is touched; default: a folder of its name",
    )


def _get(arguments: argparse.Namespace, console: Console) -> int:
    from envc.cli.env_anonymous import describe_meant, find_meant, unknown_meant
    from envc.store.checkout import write_files
    from envc.store.naming import parse_reference, require_content

    reference = parse_reference(arguments.reference)
    if reference is not None and reference.is_curated:
        from envc.cli.curated import get_curated

        return get_curated(reference, arguments.folder, console, as_json=arguments.json)
    store = find_store(console)
    if store is None:
        raise unknown_meant(arguments.reference)
    with store:
        found = find_meant(store, arguments.reference)
        require_content(found)
        folder = arguments.folder or Path(found.name)
        spec = write_files(store.content, found, folder)
    if arguments.json:
        console.print_json({**describe_meant(found), "folder": str(folder), "spec": str(spec)})
    else:
        console.print(str(spec))
    return 0


def _add_archived(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "reference", metavar="REFERENCE", help="NAME, all of it; or NAME@VERSION or NAME:LABEL"
    )


def _archive(arguments: argparse.Namespace, console: Console) -> int:
    return _put_away(arguments, console, is_away=True)


def _restore(arguments: argparse.Namespace, console: Console) -> int:
    return _put_away(arguments, console, is_away=False)


def _put_away(arguments: argparse.Namespace, console: Console, *, is_away: bool) -> int:
    """Archive what is named, or restore it; what is so already stays so."""
    from envc.store.naming import (
        find_environment,
        find_version,
        require_reference,
        unknown_environment,
    )

    reference = require_reference(arguments.reference)
    store = find_store(console)
    if store is None:
        raise unknown_environment(None, reference.name)
    with store:
        number = None
        if reference.is_bare:
            find_environment(store, reference.name)
        else:
            number = find_version(store, reference).number
        if is_away:
            has_changed = store.archive(reference.name, number, now=time.time())
        else:
            has_changed = store.restore(reference.name, number)
    subject = reference.name if number is None else f"{reference.name}@{number}"
    if not has_changed:
        console.note(f"{subject} is {'archived already' if is_away else 'not archived'}")
    if arguments.json:
        console.print_json({"name": reference.name, "version": number, "changed": has_changed})
    elif has_changed:
        console.print(subject)
    return 0


_ACTIONS = (
    Action(
        name="register",
        summary="make a locked spec, with all files that it names, a version of an environment",
        add_arguments=_add_register,
        execute=_register,
    ),
    Action(
        name="list",
        summary="list the environments, each with its latest version",
        add_arguments=_add_list,
        execute=_list,
    ),
    Action(
        name="show",
        summary="say what is known of a version, or of what was built",
        add_arguments=_add_reference,
        execute=_show,
    ),
    Action(
        name="versions",
        summary="list the versions of an environment, the newest first",
        add_arguments=_add_versions,
        execute=_versions,
    ),
    Action(
        name="get",
        summary="write the spec, the lock and the files of a version into a folder",
        add_arguments=_add_get,
        execute=_get,
    ),
    Action(
        name="push",
        summary="send a version to a repository of a registry",
        add_arguments=add_push,
        execute=push,
    ),
    Action(
        name="pull",
        summary="fetch a version that somebody has pushed, and register it",
        add_arguments=add_pull,
        execute=pull,
    ),
    Action(
        name="archive",
        summary="put a version or an environment away: it is listed no more",
        add_arguments=_add_archived,
        execute=_archive,
    ),
    Action(
        name="restore",
        summary="take back what is archived",
        add_arguments=_add_archived,
        execute=_restore,
    ),
    Action(
        name="prune",
        summary="drop what was built long ago and is not registered",
        add_arguments=add_prune,
        execute=prune,
    ),
    Action(
        name="repair",
        summary="make a damaged store usable, with all that can still be read of it",
        add_arguments=add_repair,
        execute=repair,
    ),
)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_actions(parser, _ACTIONS)


VERB = Verb(
    name="env",
    add_arguments=_add_arguments,
    execute=execute_action,
    details="A version never changes: the same content is the same version, and new content is the "
    "next one. Every verb takes NAME@VERSION or NAME:LABEL where it takes a SPEC, and 12 digits "
    "of the env id of what was built here.",
)
