"""An image consulted with a network: a script runs in it as root, with files of ours, and answers."""

from __future__ import annotations

import contextlib
import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from envc.engine.failure import translated
from envc.engine.inventory import own_label
from envc.frozen import frozen
from envc.process import Completed

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = [
    "NO_SUCH_PROGRAM",
    "REFUSED",
    "Consultation",
    "consult",
    "pack",
    "read_folders",
    "throwaway",
]

NO_SUCH_PROGRAM, REFUSED = 127, 126
"""The exit codes of a container whose program is not there, or is none."""


@frozen
class Consultation:
    """What is asked of an image.

    Attributes:
        script: For `/bin/sh`.
        variables: The environment variables that it sees besides the image's own.
        files: Their content by absolute path; folders are made as they are needed.
        archives: Tar archives that are unpacked at an absolute path each, which is made.
    """

    script: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict)
    archives: Mapping[str, Sequence[bytes]] = field(default_factory=dict)


def consult(client: DockerClient, image: str, platform: str, asked: Consultation) -> Completed:
    """Run the script in a new container that is gone afterwards; 127 where there is no `/bin/sh`.

    The container has the network of the engine's machine: what the engine can fetch, it can ask.
    """
    from docker.errors import APIError

    api: Any = client.api
    with throwaway(
        api,
        image,
        platform,
        entrypoint=["/bin/sh", "-c", asked.script],
        user="0",
        working_dir="/",
        environment=dict(asked.variables),
        network="host",
    ) as identifier:
        with translated(f"put files into a container of `{image}`"):
            api.put_archive(identifier, "/", pack(asked.files, asked.archives))
            for path, archives in asked.archives.items():
                for archive in archives:
                    api.put_archive(identifier, path, archive)
        with translated(f"run a container of `{image}`"):
            try:
                api.start(identifier)
            except APIError:
                state = api.inspect_container(identifier)["State"]
                if state["ExitCode"] in {NO_SUCH_PROGRAM, REFUSED}:
                    return Completed(returncode=NO_SUCH_PROGRAM, stdout="", stderr="no /bin/sh")
                raise
            code = int(api.wait(identifier)["StatusCode"])
            stdout = api.logs(identifier, stdout=True, stderr=False)
            stderr = api.logs(identifier, stdout=False, stderr=True)
    return Completed(
        returncode=code,
        stdout=stdout.decode("utf-8", "replace"),
        stderr=stderr.decode("utf-8", "replace"),
    )


def read_folders(
    client: DockerClient, image: str, platform: str, paths: Sequence[str]
) -> dict[str, bytes]:
    """Return folders of an image as tar archives, by path, without running anything in it.

    That works for every platform. An archive's entries start with the folder's own name; a folder
    that is not there is left out.
    """
    from docker.errors import NotFound

    api: Any = client.api
    found: dict[str, bytes] = {}
    with throwaway(api, image, platform, entrypoint=["/nothing"], network="none") as identifier:
        for path in paths:
            with translated(f"read `{path}` of `{image}`"), contextlib.suppress(NotFound):
                pieces, _ = api.get_archive(identifier, path)
                found[path] = b"".join(pieces)
    return found


@contextlib.contextmanager
def throwaway(
    api: Any, image: str, platform: str, *, network: str, **options: Any
) -> Iterator[str]:
    """Make a container of ours, not started yet, and give its id; it is gone when the block ends."""
    from docker.errors import NotFound

    with translated(f"make a container of `{image}`"):
        made = api.create_container(
            image,
            command=[],
            platform=platform,
            labels=own_label(),
            host_config=api.create_host_config(network_mode=network),
            **options,
        )
    try:
        yield made["Id"]
    finally:
        with translated("remove a container"), contextlib.suppress(NotFound):
            api.remove_container(made["Id"], force=True, v=True)


def pack(files: Mapping[str, bytes], folders: Iterable[str] = ()) -> bytes:
    """Return files by absolute path, and folders, as one archive for `/`."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in folders:
            folder = tarfile.TarInfo(path.lstrip("/"))
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
        for path, content in files.items():
            file = tarfile.TarInfo(path.lstrip("/"))
            file.size, file.mode = len(content), 0o644
            archive.addfile(file, io.BytesIO(content))
    return packed.getvalue()
