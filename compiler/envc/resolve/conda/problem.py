"""What keeps a Conda worker from an answer, as the errors that users see."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import assert_never

from envc.diagnostics import Diagnostic, Label
from envc.errors import EnvcError, InputError, ToolError
from envc.resolve.base import CondaRequest
from envc.resolve.conda.question import Problem

__all__ = ["as_error"]

_FORM = "write a name, a version and a build string, such as `numpy 1.26.* py312*`"


def as_error(request: CondaRequest, problems: Iterable[Problem]) -> EnvcError:
    """Return all problems as one error: an InputError where any requirement is to blame."""
    ours: list[Diagnostic] = []
    theirs: list[Diagnostic] = []
    for problem in problems:
        (ours if problem.requirement is None else theirs).append(_to_diagnostic(request, problem))
    return InputError(theirs + ours) if theirs else ToolError(ours)


def _to_diagnostic(request: CondaRequest, problem: Problem) -> Diagnostic:
    code, message, hint = _describe(request, problem)
    asked = (*request.requirements, *request.constraints)
    cause = asked[problem.requirement] if problem.requirement is not None else None
    detail = _hide_credentials(problem.detail.strip())
    return Diagnostic(
        code=code,
        message=message,
        labels=(Label(span=cause.span),) if cause is not None and cause.span is not None else (),
        notes=(detail,) if detail else (),
        hint=hint,
    )


def _describe(request: CondaRequest, problem: Problem) -> tuple[str, str, str]:
    """Return a problem's code, message and hint."""
    subject = problem.subject
    asked = (*request.requirements, *request.constraints)
    text = asked[problem.requirement].text if problem.requirement is not None else ""
    match problem.kind:
        case "unknown":
            message = f"no channel has a package `{subject}` for {request.platform.name}"
            return "E301", message, _advise_unknown(request, problem)
        case "unlisted":
            message = f"`{text}` asks for the channel `{subject}`, which is not among the channels"
            return "E302", message, f"add `{subject}` to `channels`"
        case "field":
            message = f"the solver cannot honour `{subject}` in `{text}`"
            return "E303", message, problem.suggestion or _FORM
        case "syntax":
            return "E304", f"`{text}` is not a MatchSpec", _FORM
        case "constraint":
            message = (
                f"`{subject}` cannot honour the constraint `{text}`: nobody asks for its package"
            )
            return "E305", message, "ask for the package, or use `--conda-solver rattler`"
        case "channel" if refusal := re.search(r"\b(40[13])\b", problem.detail):
            message = f"the channel `{subject}` refuses access with status {refusal[1]}"
            return "E348", message, _advise_refused(request, subject)
        case "channel":
            hint = "check the channel's address, the network and the mirror, if one stands for it"
            return "E340", f"the channel `{subject}` cannot be read", hint
        case "program":
            hint = "`--conda-solver rattler` needs no such program"
            return "E343", f"`{subject}` failed", hint
        case "checksum":
            hint = "ask the channel's owner to index it again: locks need checksums"
            return "E344", f"the channel states no SHA-256 for `{subject}`", hint
    assert_never(problem.kind)


def _advise_refused(request: CondaRequest, channel: str) -> str:
    login = next((one for one in request.logins if one.url == channel), None)
    if login is None:
        return 'name the secret that holds its credentials: `channels "…" secret NAME`'
    if login.secret is None:
        return "check the credentials for its host in your netrc file"
    return f"check the credentials in the environment variable `{login.secret}`"


def _advise_unknown(request: CondaRequest, problem: Problem) -> str:
    if problem.elsewhere:
        subdirs = " and ".join(problem.elsewhere)
        verb = "has" if len(problem.elsewhere) == 1 else "have"
        return f"only {subdirs} {verb} it: use another package or channel, or drop the platform"
    if problem.suggestion:
        return f"did you mean `{problem.suggestion}`?"
    channels = ", ".join(f"`{channel}`" for channel in request.channels)
    return f"check its spelling, or add the channel that has it to {channels}"


def _hide_credentials(text: str) -> str:
    return re.sub(r"://[^/@\s]+@", "://", text)
