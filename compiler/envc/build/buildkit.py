"""The build: a folder with a Dockerfile becomes an image in the engine, by `docker buildx`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TextIO, TypeAlias, assert_never

from envc.build.cache import cache_source, cache_target, explain_caches
from envc.build.held import explain_missing
from envc.build.report.event import BuildEvent, Progress, StepLog
from envc.build.report.failure import Evidence, explain_failure
from envc.build.report.note import Note, explain_notes, read_note
from envc.build.report.progress import write_log
from envc.build.report.redaction import Redaction
from envc.build.report.title import NO_TITLES, Titles
from envc.build.terms import Compression
from envc.diagnostics import Diagnostic
from envc.dockerfile.need import NOTHING, Needs
from envc.engine.buildx import buildx_command
from envc.engine.docker import Engine
from envc.engine.failure import explain_missing_program
from envc.engine.lookup import LocalImage
from envc.engine.option import join_fields
from envc.errors import InputError, ToolError
from envc.files import unwritable
from envc.frozen import frozen
from envc.mark import temporary_folder
from envc.process import ProgramMissingError, stream
from envc.source import Span

__all__ = [
    "BuildRequest",
    "BuildResult",
    "Planned",
    "SecretFile",
    "SecretSource",
    "SecretVariable",
    "build",
    "build_arguments",
    "output_fields",
    "secret_field",
]

_PROBE_TIMEOUT_S = 10.0


@frozen
class SecretVariable:
    """A secret that an environment variable holds."""

    variable: str


@frozen
class SecretFile:
    """A secret that a file holds."""

    path: Path


SecretSource: TypeAlias = SecretVariable | SecretFile


@frozen
class Planned:
    """A build that stands in a plan of bake's: the plan's file, and the build's name in it."""

    plan: Path
    target: str


@frozen
class BuildRequest:
    """What to build and how.

    Attributes:
        context: The folder that holds `Dockerfile` and what it copies.
        tag: The name that the image gets: `repository:tag`.
        platform: Docker's name of it.
        epoch: The image's time of creation, in s since 1970.
        log: Where the whole log goes, also of a build that fails.
        environment: What `docker` sees; secrets in variables are read from it.
        build_args: Beside `SOURCE_DATE_EPOCH`.
        secrets: By the ids that the Dockerfile mounts them under.
        agents: Ids of agents of SSH that it mounts.
        needs: What steps of a base's Dockerfile need of these; for what is missing.
        contexts: What stands for stages and images that the Dockerfile names, by these names.
        network: Of RUN steps that may use one: `default`, `host` or `none`; None is BuildKit's.
        no_cache: Whether every step runs again.
        compression: Of all layers, the base's as well.
        builder: Buildx's name of who builds; None is the one that is in use.
        cache_from: Images of a registry that hold caches of steps.
        cache_to: Images of a registry that get them.
        planned: Where it stands in a plan, by which it is built then; None is by itself.
        origins: From lines of the Dockerfile, counted from 1, to places in the spec.
        titles: What its steps are called.
        places: Where the spec says what steps of envc's own are about: its `user`, its `system`
            packages, and the `dockerfile` of its base; what it does not say is missing.
    """

    context: Path
    tag: str
    platform: str
    epoch: int
    log: Path
    environment: Mapping[str, str] = field(repr=False)
    build_args: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)
    agents: tuple[str, ...] = ()
    needs: Needs = NOTHING
    contexts: Mapping[str, str] = field(default_factory=dict)
    network: str | None = None
    no_cache: bool = False
    compression: Compression = "gzip"
    builder: str | None = None
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    planned: Planned | None = None
    origins: Mapping[int, Span] = field(default_factory=dict)
    titles: Titles = NO_TITLES
    places: Mapping[str, Span] = field(default_factory=dict)


@frozen
class BuildResult:
    """An image that was built.

    Attributes:
        image: The name it has in the engine.
        digest: Of its manifest; where the engine's store keeps no manifests, the image's id.
        size_bytes: As the engine counts it.
        duration_s: Of the whole build.
        cached_steps: How many of the Dockerfile's steps had nothing to do.
        total_steps: How many there were.
        warnings: What is odd about the environment; of steps that had to run, since those that are
            cached say nothing.
        build: What buildx calls the build; empty where it does not say.
    """

    image: str
    digest: str
    size_bytes: int
    duration_s: float
    cached_steps: int
    total_steps: int
    warnings: tuple[Diagnostic, ...] = ()
    build: str = ""


def build(
    request: BuildRequest,
    on_event: Callable[[BuildEvent], None],
    *,
    status_of: Callable[[str], int | None] | None = None,
) -> BuildResult:
    """Build an image; what fixes its digest beside the Dockerfile is fixed here.

    That is: OCI media types, the compression, no attestations (they hold the time of the build, and
    turn the manifest into an index), and the epoch as an argument, since BuildKit ignores one that the
    Dockerfile itself declares (https://docs.docker.com/build/ci/github-actions/reproducible-builds/).
    `type=docker` puts the image into the engine from any of buildx's drivers.

    Args:
        on_event: Told of everything as it happens, in this thread.
        status_of: Asks an address for its HTTP status, to tell a missing file from a changed one;
            by default over the network.

    Raises:
        InputError: See `explain_failure`; and E615 for a secret that was not given, or of a base's
            Dockerfile, E556; E557 for an agent of SSH that is not there.
        ToolError: See `explain_failure`; E605 without the program `docker`, E618 where the image
            did not reach the engine; E553 where the log cannot be written.
    """
    _check_secrets(request)
    started = time.monotonic()
    progress = Progress(request.titles, _hidden(request))
    notes: list[Note] = []
    with temporary_folder("build") as folder, _open_log(request.log) as log:
        metadata = Path(folder, "metadata.json")

        def take(line: str) -> None:
            for event in progress.feed(line):
                write_log(log, event)
                note = read_note(event.text) if isinstance(event, StepLog) else None
                if note is None:
                    on_event(event)
                else:
                    notes.append(note)

        try:
            returncode = stream(
                _command(request, metadata), environment=_environment(request), on_line=take
            )
        except ProgramMissingError as error:
            raise ToolError([explain_missing_program()]) from error
        built = _read_digests(metadata, request.planned)
    if returncode != 0 or built is None:
        raise explain_failure(
            Evidence(
                failure=progress.failure,
                messages=progress.messages,
                dockerfile=_read_dockerfile(request.context),
                origins=request.origins,
                places=request.places,
                log=request.log,
                builder=request.builder or "",
                titles=request.titles,
                status_of=status_of or (lambda url: _ask_status(url, request.environment)),
            )
        )
    with Engine.connect(request.environment) as engine:
        found = engine.find(request.tag)
    digest, config, reference = built
    if found is None or not _is_built(found, digest, config):
        raise ToolError([_explain_stray(request)])
    return BuildResult(
        image=request.tag,
        digest=digest,
        size_bytes=found.size_bytes,
        duration_s=time.monotonic() - started,
        cached_steps=progress.cached_steps,
        total_steps=progress.total_steps,
        warnings=(*explain_notes(notes), *explain_caches(progress.cache_failures)),
        build=reference,
    )


def _open_log(path: Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error, hint="name another file with `--log`") from error


def _command(request: BuildRequest, metadata: Path) -> list[str]:
    if request.planned is not None:
        from envc.build.bake import bake_command

        return bake_command(request, request.planned, metadata)
    output = join_fields(*output_fields(request, ("name", request.tag)))
    command = [*buildx_command(request.environment), "build"]
    command += ["--progress=rawjson", f"--output={output}"]
    command += ["--provenance=false", "--sbom=false", f"--platform={request.platform}"]
    command += [f"--metadata-file={metadata}"]
    for name, value in build_arguments(request).items():
        command += ["--build-arg", f"{name}={value}"]
    for name, source in sorted(request.secrets.items()):
        command += ["--secret", secret_field(name, source)]
    command += [f"--ssh={name}" for name in request.agents]
    for name, place in sorted(request.contexts.items()):
        command += ["--build-context", f"{name}={place}"]
    if request.network is not None:
        command.append(f"--network={request.network}")
    if request.no_cache:
        command.append("--no-cache")
    if request.builder is not None:
        command.append(f"--builder={request.builder}")
    command += [f"--cache-from={cache_source(place)}" for place in request.cache_from]
    command += [
        f"--cache-to={cache_target(place, request.compression)}" for place in request.cache_to
    ]
    return [*command, "--", str(request.context)]


def build_arguments(request: BuildRequest) -> dict[str, str]:
    """Return the arguments that the Dockerfile gets, sorted."""
    arguments = {**request.build_args, "SOURCE_DATE_EPOCH": str(request.epoch)}
    return dict(sorted(arguments.items()))


def output_fields(request: BuildRequest, *further: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Return how buildx is told what to make of the result: an image of the engine.

    The compression is forced: BuildKit would take a layer as it has it, and whether it has one from
    another build, compressed otherwise, must not change the manifest. What is compressed so already,
    as bases by gzip are, stays as it is (https://docs.docker.com/build/exporters/#compression).
    """
    return (
        ("type", "docker"),
        *further,
        ("oci-mediatypes", "true"),
        ("compression", request.compression),
        ("force-compression", "true"),
    )


def secret_field(name: str, source: SecretSource) -> str:
    """Return how buildx is told where a secret comes from."""
    match source:
        case SecretVariable(variable=variable):
            return join_fields(("id", name), ("env", variable))
        case SecretFile(path=path):
            return join_fields(("id", name), ("src", str(path.absolute())))
        case _:
            assert_never(source)


def _environment(request: BuildRequest) -> dict[str, str]:
    """Return what `docker` sees: without the variable that adds labels to images by itself."""
    kept = {key: value for key, value in request.environment.items() if key != "BUILDX_GIT_LABELS"}
    # What a plan of ours reads beside its folder is no matter of trust: we wrote it.
    own = {"BUILDX_BAKE_ENTITLEMENTS_FS": "0"} if request.planned is not None else {}
    # Nobody is told of a repository around the folder: it would be asked for nothing.
    return {**kept, **own, "BUILDX_METADATA_PROVENANCE": "disabled", "BUILDX_GIT_INFO": "false"}


def _check_secrets(request: BuildRequest) -> None:
    """Find out now what BuildKit would not say: it takes a variable that is not set for empty."""
    missing = []
    problems = list(explain_missing(request.needs, request.environment))
    told = {one.id for one in request.needs.secrets}
    for name, source in sorted(request.secrets.items()):
        match source:
            case SecretVariable() if name in told:
                continue
            case SecretVariable(variable=variable):
                if not request.environment.get(variable):
                    missing.append((name, f"set the environment variable `{variable}`"))
            case SecretFile(path=path):
                if not path.is_file():
                    missing.append((name, f"put the file `{path}` there"))
            case _:
                assert_never(source)
    problems += [
        Diagnostic(code="E615", message=f"the build needs the secret `{name}`", hint=hint)
        for name, hint in missing
    ]
    if problems:
        raise InputError(problems)


def _hidden(request: BuildRequest) -> Redaction:
    """Return what hides the secrets that variables hold, should a step print one."""
    sources = [one for one in request.secrets.values() if isinstance(one, SecretVariable)]
    return Redaction.of(request.environment.get(one.variable, "") for one in sources)


def _read_digests(metadata: Path, planned: Planned | None) -> tuple[str, str, str] | None:
    """Return the manifest's digest, the configuration's, and the build's name; None where there is
    no image."""
    try:
        data = json.loads(metadata.read_bytes())
        if planned is not None:
            data = data[planned.target]
        config, build = data.get("containerimage.config.digest"), data.get("buildx.build.ref")
        return str(data["containerimage.digest"]), str(config or ""), str(build or "")
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_built(found: LocalImage, digest: str, config: str) -> bool:
    """Say whether an image of the engine is the one that BuildKit tells of.

    The engine's id is the manifest's digest or, without containerd's store, the configuration's, which
    BuildKit does not tell where it exports an archive; then the name, which is the build's own, decides.
    """
    if not config and found.digest is None:
        return True
    return found.id in (digest, config)


def _read_dockerfile(context: Path) -> str:
    try:
        return (context / "Dockerfile").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _ask_status(url: str, environment: Mapping[str, str]) -> int | None:
    import requests

    from envc.registry.transport import open_session, proxies_for

    try:
        with (
            open_session(environment) as session,
            session.get(
                url, proxies=proxies_for(url, environment), timeout=_PROBE_TIMEOUT_S, stream=True
            ) as response,
        ):
            return response.status_code
    except (requests.exceptions.RequestException, ToolError):
        return None


def _explain_stray(request: BuildRequest) -> Diagnostic:
    return Diagnostic(
        code="E618",
        message=f"the image `{request.tag}` was built, but the engine does not have it",
        notes=(f"the whole log: {request.log}",),
        hint="use a builder of this engine: `docker buildx use default`",
    )
