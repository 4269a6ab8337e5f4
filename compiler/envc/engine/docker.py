"""The engine asked through the docker SDK: images looked up, named, and looked into."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envc.diagnostics import Diagnostic
from envc.engine.consultation import Consultation, consult, read_folders
from envc.engine.container import NO_SUCH_PROGRAM, Container
from envc.engine.conversation import Conversation, converse
from envc.engine.failure import explain_absence, translated
from envc.engine.foreground import RunOptions, Streams, run
from envc.engine.inventory import Held, drop, list_held, own_label, sweep, untag
from envc.engine.transfer import pull, push
from envc.errors import ToolError
from envc.platform import Platform
from envc.process import Completed
from envc.reference import ImageReference
from envc.registry.transport import root_cause

if TYPE_CHECKING:
    from docker import DockerClient

    from envc.diff.picture import Picture

__all__ = ["Engine", "EngineFacts", "LocalImage"]

# Docker 25: the first whose BuildKit knows `ADD --checksum` for files without a syntax line.
_MINIMUM_API = (1, 44)
_CONNECT_TIMEOUT_S, _TIMEOUT_S = 20, 600


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalImage:
    """An image that the engine has.

    Attributes:
        id: What the engine calls it.
        digest: Of its manifest; None where the engine's store keeps none (without containerd's
            image store only the configuration has a digest until the image is pushed).
        platform: `os/architecture`.
        size_bytes: As the engine counts it.
        media_type: Of its manifest, or of its index; None as `digest`.
        manifest_bytes: The size of that; None as `digest`.
    """

    id: str
    digest: str | None
    labels: Mapping[str, str]
    platform: str
    size_bytes: int
    media_type: str | None = None
    manifest_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What an engine says of itself.

    Attributes:
        version: Docker's.
        api: The version of the API that is spoken with it.
        platform: `os/architecture`, which it runs natively.
        has_manifests: Whether its store keeps images as registries have them (containerd's does).
        has_nvidia: Whether it can hand NVIDIA GPUs to containers.
        root: The folder in which it keeps all it has, on its machine.
        is_local: Whether that machine is this one.
    """

    version: str
    api: str
    platform: str
    has_manifests: bool
    has_nvidia: bool
    root: str
    is_local: bool


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
        host = environment.get("DOCKER_HOST", "")
        if host.startswith("unix://") and not Path(host.removeprefix("unix://")).is_socket():
            raise ToolError([explain_absence(f"DOCKER_HOST is {host}: there is no such socket")])

        import docker
        from docker.errors import DockerException

        try:
            client = docker.from_env(
                version="auto",
                timeout=_CONNECT_TIMEOUT_S,
                use_ssh_client=True,
                environment=dict(environment),
            )
        except (DockerException, ValueError) as error:
            asked = f"DOCKER_HOST is {host}: " if host else ""
            raise ToolError([explain_absence(asked + _reason(error))]) from error
        version = str(client.api.api_version)
        if tuple(int(part) for part in version.split(".")) < _MINIMUM_API:
            client.close()
            raise ToolError([_explain_age(version)])
        # The short one is for finding out that nobody is there; work may take longer.
        client.api.timeout = _TIMEOUT_S
        return Engine(client, environment)

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
        with translated("say what it is"):
            version, info = self._client.version(), self._client.info()
        devices = [device.get("ID", "") for device in info.get("DiscoveredDevices") or ()]
        return EngineFacts(
            version=str(version["Version"]),
            api=str(self._client.api.api_version),
            platform=f"{version['Os']}/{version['Arch']}",
            has_manifests=any("containerd" in value for _, value in info.get("DriverStatus") or ()),
            has_nvidia="nvidia" in (info.get("Runtimes") or {})
            or any(device.startswith("nvidia.com/gpu") for device in devices),
            root=str(info.get("DockerRootDir", "")),
            is_local=self._client.api.base_url.startswith("http+docker://localhost"),
        )

    def find(self, name: str) -> LocalImage | None:
        """Return an image by a tag, a digest reference or an id, or None where there is none."""
        from docker.errors import ImageNotFound

        inspect: Callable[[str], dict[str, Any]] = self._client.api.inspect_image  # no types there
        with translated(f"look up the image `{name}`"):
            try:
                data = inspect(name)
            except ImageNotFound:
                return None
        descriptor = data.get("Descriptor") or {}
        return LocalImage(
            id=data["Id"],
            digest=descriptor.get("digest"),
            labels=dict((data.get("Config") or {}).get("Labels") or {}),
            platform=f"{data['Os']}/{data['Architecture']}",
            size_bytes=int(data["Size"]),
            media_type=descriptor.get("mediaType"),
            manifest_bytes=descriptor.get("size"),
        )

    def names(self, pattern: str) -> tuple[str, ...]:
        """Return the names of images, `repository:tag`, that a shell's pattern describes, sorted."""
        images: Callable[..., list[dict[str, Any]]] = self._client.api.images
        with translated(f"list the images `{pattern}`"):
            found = images(filters={"reference": pattern})
        names = (name for image in found for name in image.get("RepoTags") or ())
        return tuple(sorted(name for name in names if fnmatchcase(name, pattern)))

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
        inspect: Callable[[str], dict[str, Any]] = self._client.api.inspect_image
        with translated(f"look up the image `{reference.familiar}`"):
            config = inspect(_name_of(reference)).get("Config") or {}
        return tuple(map(str, config.get("OnBuild") or ()))

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
        name = _name_of(reference)
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


def _name_of(reference: ImageReference) -> str:
    """Return what the engine finds an image by: its digest, where that is known."""
    name = f"{reference.registry}/{reference.repository}"
    return name + (f"@{reference.digest}" if reference.digest else f":{reference.tag}")


def _reason(error: Exception) -> str:
    """Return why there is no client; a NameError is the SDK's way to miss what it needs for SSH."""
    return str(error) if isinstance(error.__cause__, NameError) else root_cause(error)


def _explain_load(reason: str) -> Diagnostic:
    return Diagnostic(
        code="E653",
        message="the engine cannot keep an image of several platforms",
        notes=(reason,) if reason else (),
        hint="let it use containerd's image store, or build a platform at a time",
    )


def _explain_age(version: str) -> Diagnostic:
    wanted = ".".join(str(part) for part in _MINIMUM_API)
    return Diagnostic(
        code="E602",
        message=f"the Docker engine is too old: it speaks API {version}, builds need {wanted}",
        hint="upgrade to Docker 25 or newer",
    )
