"""Why a build failed: BuildKit's words become a diagnostic that names the spec's line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from itertools import dropwhile
from pathlib import Path

from envc.build.report.event import Failure
from envc.build.report.title import NO_TITLES, Titles
from envc.build.report.unfit import (
    explain_account,
    explain_copy,
    explain_fit,
    explain_interpreter,
    explain_system,
)
from envc.diagnostics import Diagnostic, Label
from envc.errors import EnvcError, InputError, ToolError
from envc.frozen import frozen
from envc.source import Span

__all__ = ["Evidence", "explain_failure", "shorten"]

_LOCATION = re.compile(r"^\S*Dockerfile\S*:(\d+)$")
_PREFIX = re.compile(r"^\[[^\]]*\] ")
_URL = re.compile(r"https?://\S+")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MISMATCH = re.compile(r"digest mismatch (sha256:[0-9a-f]{64}): (sha256:[0-9a-f]{64})")
_PRIVATE = re.compile(r"^(https?://\S+): (.+)$", re.MULTILINE)
_PRIVATE_MISMATCH = re.compile(rf"^{_MISMATCH.pattern}: (https?://\S+)$", re.MULTILINE)
_PRIVATE_REFUSED = re.compile(r"40[13] ")
_SECRET = re.compile(r"secret (\S+): not found")
_NO_SUCH_PROGRAM = "127"  # a shell's exit code
_EXIT = re.compile(r"did not complete successfully: exit code: (\d+)")
_BASE = re.compile(r"^\[internal\] load metadata for (\S+)|^\[[^\]]*\] FROM (\S+)")
_STATUS = re.compile(r"invalid response status (\d+)|unexpected status.*?: (\d{3})")
_REFUSED = re.compile(r"401|403|authori[sz]ation|denied|insufficient_scope", re.IGNORECASE)
_NO_BUILDX = re.compile(r"is not a docker command|unknown flag: --progress|unknown command.*buildx")
_OLD_BUILDX = re.compile(r"invalid progress mode|unknown flag: --(metadata-file|provenance|sbom)")
_NO_ENGINE = re.compile(r"Cannot connect to the Docker daemon|failed to connect to the docker API")
_NO_BUILDER = re.compile(r'no builder "?([^"\n]+?)"? found')
_CONNECTING = re.compile(r"\[internal\] (waiting for connection|booting buildkit)")
_NO_SPACE, _WRONG_FORMAT = "no space left on device", "exec format error"
_CLIENT_ERROR_STATUS = 400
_NAME_LENGTH = 72


@frozen
class Evidence:
    """All that is known of a failed build.

    Attributes:
        failure: The step that failed; None where the build failed beside or before its steps.
        messages: The lines that were no progress, in order.
        dockerfile: The Dockerfile's text.
        origins: From Dockerfile lines to places in the spec.
        log: Where the whole log lies.
        places: As in `BuildRequest`.
        builder: Who was asked to build; empty for buildx's own choice.
        titles: What steps are called.
        status_of: Says with which status an address answers now, or None where it does not.
    """

    failure: Failure | None
    messages: Sequence[str]
    dockerfile: str
    origins: Mapping[int, Span]
    log: Path
    status_of: Callable[[str], int | None]
    places: Mapping[str, Span] = field(default_factory=dict)
    builder: str = ""
    titles: Titles = NO_TITLES

    @property
    def reason(self) -> str:
        """BuildKit's own reason."""
        if self.failure is not None:
            return self.failure.error
        errors = [line.removeprefix("ERROR: ") for line in self.messages if "ERROR" in line]
        return errors[-1] if errors else "\n".join(self.messages[-3:])

    @property
    def line(self) -> int | None:
        """The Dockerfile's line that failed, or None where that cannot be told."""
        for message in self.messages:
            if found := _LOCATION.match(message):
                return int(found[1])
        # BuildKit gives no line for an ADD: look for what it fetched.
        if self.failure is not None and (url := _URL.search(self.failure.name)):
            for number, text in enumerate(self.dockerfile.splitlines(), start=1):
                if url[0] in text.split():
                    return number
        return None

    def diagnose(
        self, code: str, message: str, *, notes: Sequence[str] = (), hint: str = ""
    ) -> Diagnostic:
        """Return a diagnostic with the places and the log."""
        line = self.line
        span = self.origins.get(line) if line is not None else None
        where = (f"Dockerfile, line {line}",) if line is not None else ()
        return Diagnostic(
            code=code,
            message=message,
            labels=(Label(span=span),) if span is not None else (),
            notes=(*notes, *where, f"the whole log: {self.log}"),
            hint=hint,
        )


def explain_failure(evidence: Evidence) -> EnvcError:
    """Return what to raise for a failed build.

    InputError where the spec's own step failed (E610) or its own Python (E619), its user is not there
    (E558), a copy does not fit (E590), its Debian packages fit no more (E399), the lock names a base
    that is not there (E613), the environment cannot be put together (E650) or a secret was not given
    (E615); ToolError for an artefact with other bytes (E611) or out of reach (E612), a base out of
    reach (E614), a full disk (E616), a missing or old buildx (E606), an absent engine (E601), a builder
    that is not there (E680) or does not answer (E681), and all else (E610, E617).
    """
    for explain in (
        _explain_builder,
        _explain_tools,
        _explain_space,
        _explain_secret,
        _explain_base,
        _explain_artefact,
        _explain_private,
        explain_account,
        explain_fit,
        explain_interpreter,
        explain_system,
        explain_copy,
        _explain_step,
    ):
        if (error := explain(evidence)) is not None:
            return error
    hint = (
        "read BuildKit's reason and the log; `docker buildx inspect` shows whether it works at all"
    )
    problem = evidence.diagnose(
        "E617", "the build failed", notes=_block(evidence.reason), hint=hint
    )
    return ToolError([problem])


def shorten(name: str) -> str:
    """Return a step's name as people read it: no flags, no digests, a file instead of its address.

    >>> shorten("[wheels 1/2] ADD --checksum=sha256:00 https://pypi.org/a/six-1.0.whl /wheels/")
    'wheels 1/2: ADD six-1.0.whl'
    >>> shorten("[image 2/3] RUN --network=none groupadd --system keepers")
    'image 2/3: RUN groupadd --system keepers'
    """
    prefix = _PREFIX.match(name)
    rest = name[prefix.end() :] if prefix else name
    head = f"{prefix[0].strip()[1:-1]}: " if prefix else ""
    first, *others = rest.split() or [""]
    words = [first, *dropwhile(lambda word: word.startswith("--"), others)]
    if words[:1] == ["ADD"] and len(words) > 1:
        words = ["ADD", words[1].rpartition("/")[2] or words[1]]
    text = head + re.sub(r"@?sha256:([0-9a-f]{12})[0-9a-f]{52}", r"@\1", " ".join(words))
    return text if len(text) <= _NAME_LENGTH else text[: _NAME_LENGTH - 1] + "…"


def _explain_builder(evidence: Evidence) -> EnvcError | None:
    said = "\n".join((evidence.reason, *evidence.messages))
    if (found := _NO_BUILDER.search(said)) is not None:
        return ToolError(
            [
                evidence.diagnose(
                    "E680",
                    f"buildx has no builder `{found[1]}`",
                    hint="`docker buildx ls` lists those that there are, and "
                    f"`docker buildx create --name {found[1]}` makes one",
                )
            ]
        )
    failure = evidence.failure
    if failure is None or not _CONNECTING.match(failure.name):
        return None
    which = f"the builder `{evidence.builder}`" if evidence.builder else "buildx's builder"
    command = " ".join(filter(None, ("docker buildx inspect --bootstrap", evidence.builder)))
    return ToolError(
        [
            evidence.diagnose(
                "E681",
                f"{which} does not answer",
                notes=_block(evidence.reason),
                hint=f"start it: `{command}`; `--builder default` builds in the engine",
            )
        ]
    )


def _explain_tools(evidence: Evidence) -> EnvcError | None:
    said = "\n".join(evidence.messages)
    if evidence.failure is not None:
        return None
    if _NO_ENGINE.search(said):
        return ToolError(
            [
                evidence.diagnose(
                    "E601",
                    "no Docker engine answers",
                    notes=_block(evidence.reason),
                    hint="start Docker, or let `DOCKER_HOST` name an engine elsewhere",
                )
            ]
        )
    if _NO_BUILDX.search(said) or _OLD_BUILDX.search(said):
        what = "missing" if _NO_BUILDX.search(said) else "too old"
        return ToolError(
            [
                evidence.diagnose(
                    "E606",
                    f"Docker's plugin `buildx` is {what}",
                    notes=_block(evidence.reason),
                    hint="install buildx 0.13 or newer (https://github.com/docker/buildx#installing)",
                )
            ]
        )
    return None


def _explain_space(evidence: Evidence) -> EnvcError | None:
    output = evidence.failure.output if evidence.failure is not None else ()
    told = (evidence.reason, *evidence.messages, *output)
    if not any(_NO_SPACE in text.lower() for text in told):
        return None
    return ToolError(
        [
            evidence.diagnose(
                "E616",
                "the engine's disk is full",
                notes=_block(evidence.reason),
                hint="free some with `docker buildx prune` and `docker image prune`",
            )
        ]
    )


def _explain_secret(evidence: Evidence) -> EnvcError | None:
    found = _SECRET.search(evidence.reason)
    if found is None:
        return None
    return InputError(
        [
            evidence.diagnose(
                "E615",
                f"the build needs the secret `{found[1]}`",
                hint=f"set the environment variable `{found[1]}`",
            )
        ]
    )


def _explain_base(evidence: Evidence) -> EnvcError | None:
    found = _BASE.search(evidence.failure.name) if evidence.failure is not None else None
    if found is None:
        return None
    image, reason = found[1] or found[2], evidence.reason
    if reason.endswith(": not found"):
        return InputError(
            [
                evidence.diagnose(
                    "E613",
                    f"the image `{image}` is not there any more",
                    notes=_block(reason),
                    hint="lock again, or name a mirror that still has it",
                )
            ]
        )
    host = image.partition("/")[0]
    hint = "check the engine's network and proxy, or lock with a base that it can reach"
    if _REFUSED.search(reason):
        hint = f"run `docker login {host}`"
    elif re.search(
        rf"^FROM \S*{re.escape(image.rpartition('/')[2])} AS tools$", evidence.dockerfile, re.M
    ):
        hint = (
            "choose an image with Python that the engine can reach: `envc lock --tools-image REF`"
        )
    return ToolError(
        [
            evidence.diagnose(
                "E614",
                f"BuildKit cannot fetch the image `{image}`",
                notes=_block(reason),
                hint=hint,
            )
        ]
    )


def _explain_artefact(evidence: Evidence) -> EnvcError | None:
    failure = evidence.failure
    url = _URL.search(failure.name) if failure is not None else None
    if failure is None or url is None or not _PREFIX.sub("", failure.name).startswith("ADD "):
        return None
    address = url[0]
    mismatch, status = _MISMATCH.search(failure.error), _STATUS.search(failure.error)
    answered = int(status[1] or status[2]) if status else None
    # BuildKit takes the page of a 404 for the file when it has a checksum: ask once more.
    if mismatch is not None and (now := evidence.status_of(address)) is not None:
        answered = now if now >= _CLIENT_ERROR_STATUS else None
    if mismatch is not None and answered is None:
        return ToolError([_explain_other_bytes(evidence, address, mismatch)])
    said = f"it answered with status {answered}" if answered is not None else failure.error
    return ToolError([_explain_unfetched(evidence, address, said)])


def _explain_private(evidence: Evidence) -> EnvcError | None:
    """Explain what `fetch.py` says: it fetches what needs credentials."""
    failure = evidence.failure
    if failure is None or "/mnt/envc/fetch.py" not in failure.name:
        return None
    said = "\n".join(failure.output)
    if (found := _PRIVATE_MISMATCH.search(said)) is not None:
        return ToolError([_explain_other_bytes(evidence, found[3], found)])
    if (found := _PRIVATE.search(said)) is not None:
        return ToolError([_explain_unfetched(evidence, found[1], found[2])])
    return None


def _explain_other_bytes(evidence: Evidence, address: str, found: re.Match[str]) -> Diagnostic:
    got, wanted = found[1], found[2]
    if evidence.failure is not None and got in evidence.failure.name:
        got, wanted = wanted, got
    return evidence.diagnose(
        "E611",
        f"`{_file_of(address)}` is not the file that the lock names",
        notes=(f"from {address}", f"wanted {wanted}", f"got    {got}"),
        hint="its source or a mirror changed it: find out which, before you lock again",
    )


def _explain_unfetched(evidence: Evidence, address: str, said: str) -> Diagnostic:
    hint = "lock again if it was removed; else check the engine's network, or name a mirror"
    if address.endswith(".deb"):
        hint = (
            "Debian's archive keeps no old versions: `envc vendor SPEC DIR` finds them at "
            "snapshot.debian.org, for `envc build --vendor DIR`; or lock again with `--update`"
        )
    if _PRIVATE_REFUSED.match(said):
        hint = "check the credentials that the index's secret holds"
    return evidence.diagnose(
        "E612",
        f"BuildKit cannot fetch `{_file_of(address)}`",
        notes=(f"from {address}", said),
        hint=hint,
    )


def _file_of(address: str) -> str:
    return address.rpartition("/")[2]


def _explain_step(evidence: Evidence) -> EnvcError | None:
    failure = evidence.failure
    if failure is None:
        return None
    code = _EXIT.search(failure.error)
    how = f" with exit code {code[1]}" if code is not None else ""
    notes = [failure.error] if code is None else []
    if failure.output:
        notes.append("\n".join(("its last lines:", *failure.output)))
    hint = ""
    if code is not None and code[1] == _NO_SUCH_PROGRAM:
        hint = "install what it starts in a step before it, or among the `system` packages"
    if any(_WRONG_FORMAT in text for text in (failure.error, *failure.output)):
        hint = "the engine cannot run this platform: build there, or install QEMU's binfmt handlers"
    title = evidence.titles.find(failure.name)
    step = title.text if title is not None else shorten(failure.name)
    diagnostic = evidence.diagnose(
        "E610", f"the build step `{step}` failed{how}", notes=notes, hint=hint
    )
    # A step that the spec asked for is the spec's matter; one of ours is not.
    return InputError([diagnostic]) if diagnostic.labels else ToolError([diagnostic])


def _block(text: str) -> tuple[str, ...]:
    return (text.strip(),) if text.strip() else ()
