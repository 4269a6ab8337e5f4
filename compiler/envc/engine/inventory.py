"""The images of a kind that an engine has, and what needs them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from envc.engine.failure import translated
from envc.frozen import frozen
from envc.mark import is_abandoned, own_mark

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = ["Held", "drop", "list_held", "own_label", "sweep", "untag"]

_NOT_FOUND = 404
_CONFLICT = 409
_REMOVAL_S = 10
_PROCESS_LABEL = "dev.envc.process"


@frozen
class Held:
    """An image that the engine has.

    Attributes:
        id: What the engine calls it.
        names: Its names, `repository:tag`, sorted; it may have none.
        digest: Of its manifest; its id where the engine's store keeps no manifests.
        platform: `os/architecture`.
        size_bytes: As the engine counts it; layers are shared with others.
        tagged: When it got a name last, in s since 1970; None where the engine does not say.
        containers: The names of the containers that were made of it, whether they run or not, sorted.
    """

    id: str
    names: tuple[str, ...]
    digest: str
    labels: Mapping[str, str]
    platform: str
    size_bytes: int
    tagged: float | None
    containers: tuple[str, ...] = ()


def list_held(client: DockerClient, label: str) -> tuple[Held, ...]:
    """Return the images that have a label, sorted by their names; a request each, and two more."""
    from docker.errors import ImageNotFound

    images: Callable[..., list[dict[str, Any]]] = client.api.images  # no types there
    containers: Callable[..., list[dict[str, Any]]] = client.api.containers
    inspect: Callable[[str], dict[str, Any]] = client.api.inspect_image
    with translated("list its images"):
        used: dict[str, list[str]] = {}
        for one in containers(all=True):
            if _is_left(one):
                continue
            names = (name.lstrip("/") for name in one.get("Names") or (one["Id"][:12],))
            used.setdefault(str(one["ImageID"]), []).extend(names)
        held = []
        for row in images(filters={"label": label}):
            # Whoever else cleans up may be faster.
            with contextlib.suppress(ImageNotFound):
                held.append(_describe(row, inspect(row["Id"]), used.get(row["Id"], ())))
    return tuple(sorted(held, key=lambda one: (one.names, one.id)))


def drop(client: DockerClient, names: Sequence[str]) -> bool:
    """Drop names of images, or ids of such as have none, and say whether they are gone: an engine keeps
    what a container is made of."""
    from docker.errors import APIError, ImageNotFound

    remove: Callable[..., object] = client.api.remove_image
    with translated("remove an image"):
        for name in names:
            try:
                remove(name)
            except ImageNotFound:
                continue
            except APIError as error:
                if error.status_code != _CONFLICT:
                    raise
                return False
    return True


def untag(client: DockerClient, name: str) -> bool:
    """Drop a name of an image, but nothing that it was made of, and say whether it is gone."""
    from docker.errors import APIError, ImageNotFound

    with translated(f"untag the image `{name}`"):
        try:
            client.api.remove_image(name, noprune=True)
        except ImageNotFound:
            return True
        except APIError as error:
            if error.status_code != _CONFLICT:
                raise
            return False
    return True


def own_label() -> dict[str, str]:
    """Return what a container is labelled with, so that it is known when nobody needs it any more."""
    return {_PROCESS_LABEL: f"envc-{own_mark()}"}


def sweep(client: DockerClient) -> None:
    """Remove the containers whose process was killed; one request where there are none."""
    from docker.errors import APIError

    containers: Callable[..., list[dict[str, Any]]] = client.api.containers
    with translated("remove a container"):
        for one in containers(all=True, filters={"label": _PROCESS_LABEL}):
            if not _is_left(one):
                continue
            try:
                client.api.remove_container(one["Id"], force=True, v=True)
            except APIError as error:
                # Whoever else sweeps may be faster: it is gone, or about to be.
                if error.status_code == _CONFLICT:
                    _await_removal(client, one["Id"])
                elif error.status_code != _NOT_FOUND:
                    raise


def _await_removal(client: DockerClient, container: str) -> None:
    """Wait until a container is gone that somebody else removes: until then it keeps its image's name."""
    from docker.errors import APIError
    from requests.exceptions import ConnectionError as Disconnected
    from requests.exceptions import Timeout

    with contextlib.suppress(APIError, Disconnected, Timeout):
        client.api.wait(container, timeout=_REMOVAL_S, condition="removed")


def _is_left(container: Mapping[str, Any]) -> bool:
    return is_abandoned(str((container.get("Labels") or {}).get(_PROCESS_LABEL, "")))


def _describe(row: Mapping[str, Any], found: Mapping[str, Any], used: Any) -> Held:
    tagged = str((found.get("Metadata") or {}).get("LastTagTime") or "")
    return Held(
        id=str(found["Id"]),
        names=tuple(sorted(found.get("RepoTags") or ())),
        digest=str((found.get("Descriptor") or {}).get("digest") or found["Id"]),
        labels=dict(row.get("Labels") or {}),
        platform=f"{found['Os']}/{found['Architecture']}",
        size_bytes=int(found["Size"]),
        tagged=_seconds(tagged),
        containers=tuple(sorted(used)),
    )


def _seconds(text: str) -> float | None:
    """Return a time as s since 1970; engines write 0001-01-01 for "never"."""
    try:
        found = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return found if found > 0 else None
