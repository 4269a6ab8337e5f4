"""Registered versions travel through a registry: sent as OCI artifacts, fetched, and registered here."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic, suggest
from envc.errors import InputError, ToolError, UsageError
from envc.files import open_cache, unwritable
from envc.frozen import frozen
from envc.machine import Machine
from envc.pipeline.registering import RegisterOptions, register
from envc.reference import ImageReference
from envc.registry.artifact import (
    MANIFEST_TYPE,
    contents,
    descriptor,
    distrust,
    encode,
    fetch_blob,
    number_of,
    read,
)
from envc.registry.client import Registry
from envc.registry.manifest import ACCEPT
from envc.registry.publisher import Publisher, sha256_digest
from envc.store.naming import LATEST, Reference, find_version, unknown_environment
from envc.store.parcel import CONFIG_TYPE, Parcel, dumps, pack, split_tag, tag_of
from envc.store.record import Draft, StoredFile, Version
from envc.store.store import Store

if TYPE_CHECKING:
    from envc.store.catalogue import Registered

__all__ = ["Pulled", "Pushed", "Shared", "list_shared", "pull", "push"]

_SMALL_BYTES = 4 * 1024 * 1024
"""What is not larger is asked for again where a registry fails for a moment."""


@frozen
class Pushed:
    """A version that a registry has now.

    Attributes:
        version: As it is registered here.
        number: What it is called there.
        names: Of the artifact: by its version, then the others that point at it now.
        digest: Of the artifact's manifest.
        is_new: Whether the registry did not have it, as it is, under its version.
    """

    version: Version
    number: int
    names: tuple[str, ...]
    digest: str
    is_new: bool


@frozen
class Pulled:
    """A version that was fetched.

    Attributes:
        origin: Where it came from: repository and digest.
        number: What it is called there.
        warnings: What is not as it is there (W730).
    """

    registered: Registered
    origin: str
    number: int
    warnings: tuple[Diagnostic, ...]


@frozen
class Shared:
    """An environment that a repository has.

    Attributes:
        numbers: Of its versions, in order; may be empty.
        labels: Sorted; without `latest`.
    """

    name: str
    numbers: tuple[int, ...]
    labels: tuple[str, ...]


def push(
    reference: Reference, machine: Machine, repository: ImageReference, *, number: int | None = None
) -> Pushed:
    """Send a registered version to a repository, under its version and its labels.

    It becomes the latest there, unless there is a newer one. What is there already is not sent again.

    Args:
        repository: Its tag and its digest do not count.
        number: What to call it there; None is its own number.

    Raises:
        UsageError: No such version is registered (E704), another one has its place there (E731), it
            cannot travel (E733), or its name is too long for a tag (E735).
        ToolError: The registry cannot be used (E38x), or the store has lost content (E707).
    """
    store = Store.find(machine.home)
    if store is None:
        raise unknown_environment(None, reference.name)
    with store:
        version = find_version(store, reference)
        parcel = _pack(version, number)
        config = dumps(parcel)
        manifest = encode(parcel, config)
        names = (str(parcel.number), LATEST, *version.labels)
        tags = [tag_of(parcel.name, which) for which in names]
        place = replace(repository, tag=tags[0], digest=None)
        publisher = Publisher(place, environment=machine.environment, tell=machine.tell)
        is_new = _is_new(place, manifest, parcel, machine)
        if is_new:
            _send_files(publisher, parcel, store)
            publisher.push_blob(config, CONFIG_TYPE)
            publisher.push_manifest(tags[0], manifest, MANIFEST_TYPE)
        if not _is_newest(publisher, tags[1], parcel.number):
            del tags[1]
        for tag in tags[1:]:
            publisher.push_manifest(tag, manifest, MANIFEST_TYPE)
    return Pushed(
        version=version,
        number=parcel.number,
        names=tuple(replace(place, tag=tag).familiar for tag in tags),
        digest=sha256_digest(manifest),
        is_new=is_new,
    )


def pull(
    place: ImageReference, machine: Machine, *, wanted: Reference | None = None, now: float
) -> Pulled:
    """Fetch a version, and register it: the same content is the version that it is here already.

    All that comes is looked at before anything is written, and each byte belongs to a digest. A version
    that is asked for by a label gets this label here.

    Args:
        place: The artifact; or a repository, where `wanted` says which of its versions.
        wanted: None is what `place` names.
        now: The time, in s since 1970.

    Raises:
        InputError: The spec that comes, or its lock, is wrong.
        UsageError: What is there is no environment (E730), or there is none (E734).
        ToolError: A newer envc wrote it (E732), it is not to be trusted (E733), or the registry (E38x),
            the cache (E553) or the store (E70x) cannot be used.
    """
    registry = Registry(environment=machine.environment, mirrors=machine.mirrors, tell=machine.tell)
    if wanted is not None:
        which = str(wanted.number or wanted.label or LATEST)
        place = replace(place, tag=tag_of(wanted.name, which), digest=None)
    labels = (wanted.label,) if wanted is not None and wanted.label else ()
    try:
        found = registry.find(place)
    except InputError as error:
        raise _explain_absence(wanted, place, registry) from error
    parcel = read(registry, place, found)
    if wanted is not None:
        _check_identity(wanted, parcel, place)
    with _fetched(registry, place, parcel, machine) as spec:
        options = RegisterOptions(
            name=parcel.name,
            labels=labels,
            properties=parcel.properties,
            description=parcel.description or None,
        )

        def check(draft: Draft) -> None:
            _check_origin(draft, parcel, place)

        registered = register(spec, machine, options, now=now, check=check)
    return Pulled(
        registered=registered,
        origin=replace(place, tag=None, digest=found.digest).familiar,
        number=parcel.number,
        warnings=tuple(_compare(parcel, registered.version)),
    )


def list_shared(machine: Machine, repository: ImageReference) -> tuple[Shared, ...]:
    """Return the environments that a repository has, sorted by name: a request a page of its tags.

    Raises:
        ToolError: The registry cannot be used (E38x).
    """
    registry = Registry(environment=machine.environment, mirrors=machine.mirrors, tell=machine.tell)
    found: dict[str, list[int | str]] = {}
    for tag in registry.tags(repository):
        parts = split_tag(tag)
        if parts is not None:
            found.setdefault(parts[0], []).append(parts[1])
    return tuple(
        Shared(
            name=name,
            numbers=tuple(sorted(one for one in which if isinstance(one, int))),
            labels=tuple(sorted(one for one in which if isinstance(one, str) and one != LATEST)),
        )
        for name, which in sorted(found.items())
    )


def _pack(version: Version, number: int | None) -> Parcel:
    try:
        return pack(version, number=number)
    except ValueError as error:
        message = f"`{version.reference}` cannot travel: {error}"
        hint = "register it with files that lie in its own folder, and are not too large"
        raise UsageError([Diagnostic(code="E733", message=message, hint=hint)]) from error


def _send_files(publisher: Publisher, parcel: Parcel, store: Store) -> None:
    for file in contents(parcel):
        publisher.push_file(store.content.locate(file.sha256), descriptor(file))


def _is_new(place: ImageReference, manifest: bytes, parcel: Parcel, machine: Machine) -> bool:
    """Say whether a version is to be sent: not where the registry has it as it is.

    What was said of a version may change, but its files never do.

    Raises:
        UsageError: Another one has its place (E731).
    """
    # Asked directly: what a mirror has may be of yesterday.
    registry = Registry(environment=machine.environment, tell=machine.tell)
    try:
        found = registry.find(place)
    except InputError:
        return True
    if found.digest == sha256_digest(manifest):
        return False
    try:
        there: Parcel | None = read(registry, place, found)
    except (ToolError, UsageError) as error:
        if error.diagnostics[0].code not in ("E730", "E732", "E733"):
            raise
        there = None
    is_it = there is not None and (there.name, there.files) == (parcel.name, parcel.files)
    if not is_it:
        message = f"`{place.familiar}` is another version, and versions never change"
        hint = (
            "choose a number that is not taken with `--as N`: `envc env list --repository "
            f"{replace(place, tag=None).canonical}` lists them; `envc env pull` gets the one that is there"
        )
        raise UsageError([Diagnostic(code="E731", message=message, hint=hint)])
    return True


def _is_newest(publisher: Publisher, tag: str, number: int) -> bool:
    """Say whether a version is to be the latest; what cannot be read is none."""
    answer = publisher.get(f"manifests/{tag}", accept=ACCEPT)
    if answer is None:
        return True
    number_there = number_of(answer.body)
    return number_there is None or number_there <= number


def _check_identity(wanted: Reference, parcel: Parcel, place: ImageReference) -> None:
    is_right = wanted.number in (None, parcel.number)
    if parcel.name != wanted.name or not is_right:
        raise distrust(place, f"it calls itself {parcel.name}@{parcel.number}")


def _check_origin(draft: Draft, parcel: Parcel, place: ImageReference) -> None:
    """Refuse a spec that would take files of this machine into its version."""
    strange = [file.path for file in draft.files if file not in parcel.files]
    if strange:
        raise distrust(place, f"its spec takes {strange[0]!r}, which did not come with it")


@contextmanager
def _fetched(
    registry: Registry, place: ImageReference, parcel: Parcel, machine: Machine
) -> Iterator[Path]:
    """Write the files of a parcel into a folder that goes away, and give the path of its spec there."""
    pulled = machine.cache / "pulled"
    open_cache(pulled)
    with tempfile.TemporaryDirectory(dir=pulled) as name:
        folder = Path(name)
        try:
            for file in parcel.files:
                _write(registry, place, file, folder / file.path)
        except OSError as error:
            raise unwritable(folder, error) from error
        yield folder / next(file.path for file in parcel.files if file.role == "spec")


def _write(registry: Registry, place: ImageReference, file: StoredFile, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if file.link is not None:
        target.symlink_to(file.link)
        return
    with target.open("xb") as opened:
        if file.size_bytes > _SMALL_BYTES:
            _download(registry, place, file, opened.write)
        elif file.size_bytes:
            content = fetch_blob(registry, place, f"sha256:{file.sha256}")
            if len(content) != file.size_bytes:
                raise distrust(place, f"{file.path!r} has {len(content)} bytes")
            opened.write(content)
    target.chmod(file.mode)


def _download(
    registry: Registry, place: ImageReference, file: StoredFile, write: Callable[[bytes], object]
) -> None:
    """Hand on a large file while it comes; more than it should have never comes to an end."""
    digest, size = hashlib.sha256(), 0

    def take(chunk: bytes) -> None:
        nonlocal size
        size += len(chunk)
        if size > file.size_bytes:
            raise distrust(place, f"{file.path!r} has more than {file.size_bytes} bytes")
        digest.update(chunk)
        write(chunk)

    registry.download(place, f"sha256:{file.sha256}", take)
    if digest.hexdigest() != file.sha256:
        raise distrust(place, f"{file.path!r} is not what its digest says")


def _compare(parcel: Parcel, version: Version) -> Iterator[Diagnostic]:
    """Yield a warning where a version is not here what it is there."""
    notes = []
    if version.draft.files != parcel.files:
        notes.append("there, it has other files")
    if version.draft.spec_id != parcel.spec_id:
        notes.append("there, it has another spec id")
    if {name: dict(own) for name, own in version.draft.env_ids.items()} != parcel.env_ids:
        notes.append("there, it has other env ids")
    if notes:
        yield Diagnostic(
            code="W730",
            message=f"`{version.reference}` is not quite what was pulled",
            notes=tuple(notes),
            hint="another version of envc sent it: use the same one for the same ids",
        )


def _explain_absence(
    wanted: Reference | None, place: ImageReference, registry: Registry
) -> UsageError:
    whole = replace(place, tag=None, digest=None).canonical
    if wanted is None:
        message = f"there is no `{place.familiar}`"
        hint = f"`envc env list --repository {whole}` lists what there is"
        return UsageError([Diagnostic(code="E734", message=message, hint=hint)])
    known = [parts for parts in map(split_tag, registry.tags(place)) if parts is not None]
    own = [which for name, which in known if name == wanted.name]
    if not own:
        message = f"`{whole}` has no environment `{wanted.name}`"
        meant = suggest(wanted.name, sorted({name for name, _ in known})) or ""
    else:
        message = f"`{whole}` has no `{wanted}`"
        label = suggest(wanted.label, [one for one in own if isinstance(one, str)])
        meant = f"{wanted.name}:{label}" if label and wanted.label else ""
    listing = f"`envc env list --repository {whole}` lists what it has"
    hint = f"did you mean `{meant}`?" if meant else listing
    return UsageError([Diagnostic(code="E734", message=message, hint=hint)])
