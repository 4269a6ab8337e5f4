"""The engine asked through the docker SDK: images looked up, named, and looked into."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from envc.diagnostics import Diagnostic
from envc.engine.connection import open_client
from envc.engine.consultation import Consultation, consult, read_folders
from envc.engine.container import NO_SUCH_PROGRAM, Container
from envc.engine.conversation import Conversation, converse
from envc.engine.facts import EngineFacts, describe
from envc.engine.failure import translated
from envc.engine.foreground import RunOptions, Streams, run
from envc.engine.inventory import Held, drop, list_held, own_label, sweep, untag
from envc.engine.lookup import (
    LocalImage,
    find,
    list_names,
    list_tagged,
    list_triggers,
    name_of,
)
from envc.engine.transfer import pull, push
from envc.errors import ToolError
from envc.platform import Platform
from envc.process import Completed
from envc.reference import ImageReference

if TYPE_CHECKING:
    from docker import DockerClient

    from envc.diff.picture import Picture

__all__ = ["Engine"]


class Engine:
    """A Docker engine that answers and is new enough; every method raises ToolError (E601, E603)
    where it stops to answer, or refuses."""

    def __init__(self, client: DockerClient, environment: Mapping[str, str]) -> None:
        """Take a client that is connected; use `connect`."""
        self._client = client
        self._environment = dict(environment)

    @staticmethod
    def connect(environment: Mapping[str, str]) -> Engine:
        """Return the engine that `DOCKER_HOST`, else Docker's current context, names.

        Costs the docker SDK's import, about 100 ms, and one request.

        Raises:
            ToolError: No engine answers (E601), or it is too old (E602).
        """
        return Engine(open_client(environment), environment)

    def close(self) -> None:
        """Drop the connection."""
        self._client.close()

    def __enter__(self) -> Engine:
        """Return the engine itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Drop the connection."""
        self.close()

    def platform(self) -> str:
        """Return the platform that the engine runs natively, as `os/architecture`."""
        with translated("say what it runs on"):
            version = self._client.version()
        return f"{version['Os']}/{version['Arch']}"

    def describe(self) -> EngineFacts:
        """Return what the engine says of itself: two requests."""
        return describe(self._client)

    def find(self, name: str) -> LocalImage | None:
        """Return an image by a tag, a digest reference or an id, or None where there is none."""
        return find(self._client, name)

    def names(self, pattern: str) -> tuple[str, ...]:
        """Return the names of images, `repository:tag`, that a shell's pattern describes, sorted."""
        return list_names(self._client, pattern)

    def tagged(self, tag: str) -> tuple[str, ...]:
        """Return the names that end in a tag, of whatever repository, sorted."""
        return list_tagged(self._client, tag)

    def inventory(self, label: str) -> tuple[Held, ...]:
        """Return the images that have a label, sorted by their names."""
        return list_held(self._client, label)

    def drop(self, names: Sequence[str]) -> bool:
        """Drop names of images, or ids, and say whether they are gone; what containers need stays."""
        return drop(self._client, names)

    def look_at(self, name: str) -> Picture | None:
        """Return the labels, settings and layers of an image; None where there is none."""
        from envc.engine.picture import look_at  # loads the lock's model, which a hit does not need

        return look_at(self._client, name)

    def triggers(self, reference: ImageReference) -> tuple[str, ...]:
        """Return the instructions that building on an image that it has sets off (ONBUILD)."""
        return list_triggers(self._client, reference)

    def tag(self, image: str, name: str) -> None:
        """Give an image another name, `repository:tag`, which it takes from any other image."""
        reference = ImageReference.parse(name)
        repository = f"{reference.registry}/{reference.repository}"
        with translated(f"tag the image `{name}`"):
            self._client.api.tag(image, repository, reference.tag, force=True)

    def untag(self, name: str) -> bool:
        """Drop a name, and with the last one the image; a name that is not there is no matter.

        Returns:
            Whether it is gone: the last name of what a container is made of stays.
        """
        return untag(self._client, name)

    def sweep(self) -> None:
        """Remove the containers of processes of this machine that were killed while they had them."""
        sweep(self._client)

    def save(self, name: str) -> Iterator[bytes]:
        """Yield an image as `docker save` writes it: an archive, in pieces."""
        with translated(f"save the image `{name}`"):
            yield from self._client.api.get_image(name)

    def load(self, archive: bytes) -> None:
        """Take the images of an archive in OCI's layout; what the store has need not be in it."""
        load: Callable[[bytes], Iterator[Mapping[str, Any]]] = self._client.api.load_image
        with translated("load an image"):
            for line in load(archive):
                if "error" in line:
                    raise ToolError([_explain_load(str(line["error"]))])

    def pull(
        self, reference: ImageReference, platform: Platform, report: Callable[[str], None]
    ) -> None:
        """Fetch an image with the credentials that `docker login` stored.

        Raises:
            ToolError: The engine cannot (E604).
        """
        report(f"pulling {reference.familiar}")
        pull(self._client, reference, platform, self._environment)

    def push(self, reference: ImageReference, tell: Callable[[str, int, int], None]) -> str:
        """Send an image that has this name to its registry, and return the digest that it has there.

        Args:
            tell: Told of each layer's name, how many bytes of it are there, and of how many.

        Raises:
            PushRefusedError: The registry does not take it, or cannot be reached.
        """
        return push(self._client, reference, self._environment, tell)

    def probe(
        self,
        reference: ImageReference,
        platform: Platform,
        script: str,
        *,
        report: Callable[[str], None] = lambda _: None,
    ) -> Completed:
        """Run a script by `/bin/sh` in an image, without a network; pull the image if it is missing.

        Returns:
            How it ended; 127 where the image has no `/bin/sh`.

        Raises:
            ToolError: The image cannot be pulled (E604), or not be run (E603).
        """
        name = self._have(reference, platform, report)
        with self.open(
            name, entrypoint=["/bin/sh", "-c", script], platform=platform.name
        ) as container:
            if not container.start():
                return Completed(returncode=NO_SUCH_PROGRAM, stdout="", stderr="no /bin/sh")
            return container.wait()

    def consult(
        self,
        reference: ImageReference,
        platform: Platform,
        asked: Consultation,
        *,
        report: Callable[[str], None] = lambda _: None,
    ) -> Completed:
        """Run a script as root in an image, with a network; pull the image if it is missing.

        Raises:
            ToolError: The image cannot be pulled (E604), or not be run (E603).
        """
        name = self._have(reference, platform, report)
        return consult(self._client, name, platform.name, asked)

    @contextlib.contextmanager
    def converse(
        self,
        reference: ImageReference,
        platform: Platform,
        command: Sequence[str],
        files: Mapping[str, bytes],
        *,
        report: Callable[[str], None] = lambda _: None,
    ) -> Iterator[Conversation | None]:
        """Start a command as root in an image, without a network, and give the line to it.

        It is None where the image has no such program. The image is pulled if it is missing.

        Args:
            files: Put into the container, by absolute path.

        Raises:
            ToolError: The image cannot be pulled (E604), or not be run (E603).
        """
        name = self._have(reference, platform, report)
        with converse(self._client, name, platform.name, command, files) as line:
            yield line

    def read_folders(
        self,
        reference: ImageReference,
        platform: Platform,
        paths: Sequence[str],
        *,
        report: Callable[[str], None] = lambda _: None,
    ) -> dict[str, bytes]:
        """Return folders of an image as tar archives, by path; pull the image if it is missing.

        Raises:
            ToolError: The image cannot be pulled (E604), or not be read (E603).
        """
        name = self._have(reference, platform, report)
        return read_folders(self._client, name, platform.name, paths)

    def _have(
        self, reference: ImageReference, platform: Platform, report: Callable[[str], None]
    ) -> str:
        """Return how the engine calls an image for a platform, which it then has."""
        name = name_of(reference)
        found = self.find(name)
        if found is None or found.platform != platform.name:
            self.pull(reference, platform, report)
        return name

    @contextlib.contextmanager
    def open(
        self, image: str, *, entrypoint: Sequence[str], platform: str | None = None
    ) -> Iterator[Container]:
        """Make a container without a network, not started yet; it is gone when the block ends, and
        ends by itself, where it reads stdin, should this process be killed."""
        from docker.errors import NotFound

        api = self._client.api
        with translated(f"make a container of `{image}`"):
            made = api.create_container(
                image,
                entrypoint=list(entrypoint),
                command=[],
                stdin_open=True,
                platform=platform,
                labels=own_label(),
                host_config=api.create_host_config(network_mode="none"),
            )
        container = Container(self._client, made["Id"], image)
        try:
            yield container
        finally:
            container.close_stdin()
            with translated("remove a container"), contextlib.suppress(NotFound):
                api.remove_container(made["Id"], force=True, v=True)

    def run(
        self, image: str, command: Sequence[str], *, options: RunOptions, streams: Streams
    ) -> int:
        """Run a command in a new container, in the foreground; the container is gone afterwards.

        Args:
            command: Empty runs what the image runs by default.

        Returns:
            The command's exit code; 128 and the signal's number where a signal ended it.

        Raises:
            CommandMissingError: The image has no such command (E631); its exit code is 127.
            CommandRefusedError: The command cannot be executed (E632); its exit code is 126.
            ToolError: The container cannot be made or started (E630, E633), or the `docker` program
                is missing (E605).
        """
        return run(
            self._client,
            image,
            command,
            options=options,
            streams=streams,
            environment=self._environment,
        )


def _explain_load(reason: str) -> Diagnostic:
    return Diagnostic(
        code="E653",
        message="the engine cannot keep an image of several platforms",
        notes=(reason,) if reason else (),
        hint="let it use containerd's image store, or build a platform at a time",
    )
