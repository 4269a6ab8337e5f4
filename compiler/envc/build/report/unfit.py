"""A base that is not what the spec or its lock takes it for, as a failed build tells it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envc.build.report.note import find_problem
from envc.diagnostics import Diagnostic, Label
from envc.errors import EnvcError, InputError, ToolError

if TYPE_CHECKING:
    from envc.build.report.failure import Evidence
    from envc.source import Span

__all__ = [
    "explain_account",
    "explain_copy",
    "explain_fit",
    "explain_interpreter",
    "explain_start",
    "explain_system",
]

_NO_ACCOUNT = re.compile(r'process "id -u -- (.+?)" did not complete')
_NO_USER = re.compile(r"the base has no user `(.+)`")
_NO_NAME_OF_DOCKERS = re.compile(r"unable to find (user|group) (.+?): no matching entries")
_OTHER_KIND = re.compile(
    r"(/.*) is a (file|folder) in the image, and a (?:file|folder) in what is copied"
)
_INSTALLER = "/mnt/envc/system.sh"
_NO_APT = re.compile(r"apt-get: (?:command )?not found")
_COPIER = "/mnt/envc/copy.sh"
_LOCKED_PACKAGES = "/mnt/envc/system.sh /mnt/packages"
_INTERPRETER = re.compile(r'process "(.+) -B -c import sys; print\(sys\.version\)"')
_UNMET = re.compile(
    r"unmet dependencies|held broken packages|dependency problems|is not installable"
)


def explain_account(evidence: Evidence) -> EnvcError | None:
    """Explain that the base has no user of the name that a spec wants (E558); None where that is not
    it. `id` says so where there is no environment, and `assemble.py` where there is one."""
    failure = evidence.failure
    if failure is None:
        return None
    problem = find_problem(failure.output) or ("", "")
    found = _NO_ACCOUNT.search(failure.error) or _NO_USER.fullmatch(problem[0])
    if found is None:
        return None
    place = evidence.places.get("user")
    return InputError(
        [
            Diagnostic(
                code="E558",
                message=f"the base has no user `{found[1]}`",
                labels=(Label(span=place),) if place is not None else (),
                notes=(f"the whole log: {evidence.log}",),
                hint="name one that the base or a step before the packages makes, or a number",
            )
        ]
    )


def explain_copy(evidence: Evidence) -> EnvcError | None:
    """Explain that a copy has a file where the image has a folder, or the other way round (E590); None
    where that is not it."""
    failure = evidence.failure
    if failure is None or _COPIER not in failure.name:
        return None
    found = next(filter(None, map(_OTHER_KIND.search, failure.output)), None)
    if found is None:
        return None
    place, kind = found[1], found[2]
    if kind == "folder":
        message = f"`{place}` is a folder of the image, and the copy would put a file in its place"
        hint = f"end the target with `/` to put the file into it: `{place.rstrip('/')}/`"
    else:
        message = f"`{place}` is a file of the image, and the copy would put a folder in its place"
        hint = "name another folder, or let a `run` step before the copy remove the file"
    return InputError([evidence.diagnose("E590", message, hint=hint)])


def explain_system(evidence: Evidence) -> EnvcError | None:
    """Explain that a base which was built anew is not the one that Debian packages were locked for
    (E399), or that a base has no apt, where nobody could ask it before (E393); None where that is not
    it."""
    failure, place = evidence.failure, evidence.places.get("dockerfile")
    if failure is None or _INSTALLER not in failure.name:
        return None
    if any(_NO_APT.search(line) for line in failure.output):
        return InputError([_explain_no_apt(evidence)])
    if place is None or _LOCKED_PACKAGES not in failure.name:
        return None
    said = [line.strip() for line in failure.output if line.strip()]
    if not any(_UNMET.search(line) for line in said):
        return None
    system = evidence.places.get("system", place)
    return InputError(
        [
            Diagnostic(
                code="E399",
                message="the Debian packages of the lock do not fit the base as it is built now",
                labels=(Label(span=system), Label(span=place, text="it makes another base now")),
                notes=("\n".join(("apt says:", *said)), f"the whole log: {evidence.log}"),
                hint="`envc lock --upgrade-base` asks the apt of this one",
            )
        ]
    )


def explain_start(error: ToolError, place: Span | None) -> EnvcError:
    """Return what to raise where an image could not be started: that its user or group is not there
    (E558), or the error as it is.

    Args:
        place: Where the spec names its user.
    """
    said = "\n".join(note for problem in error.diagnostics for note in problem.notes)
    found = _NO_NAME_OF_DOCKERS.search(said)
    if found is None:
        return error
    return InputError(
        [
            Diagnostic(
                code="E558",
                message=f"the base has no {found[1]} `{found[2]}`",
                labels=(Label(span=place),) if place is not None else (),
                hint="name one that the base or a step before the packages makes, or a number",
            )
        ]
    )


def explain_fit(evidence: Evidence) -> EnvcError | None:
    """Explain that the base is not what the environment's last layer needs."""
    failure = evidence.failure
    problem = find_problem(failure.output) if failure is not None else None
    if problem is None:
        return None
    message, hint = problem
    return InputError(
        [evidence.diagnose("E650", f"the environment cannot be put together: {message}", hint=hint)]
    )


def explain_interpreter(evidence: Evidence) -> EnvcError | None:
    """Explain that the Python which a spec names, and envc does not manage, is none."""
    failure = evidence.failure
    found = _INTERPRETER.search(failure.error) if failure is not None else None
    if failure is None or found is None:
        return None
    said = ("\n".join(("its last lines:", *failure.output)),) if failure.output else ()
    hint = "name the one that the base or a step brings, by its path in the image"
    return InputError(
        [evidence.diagnose("E619", f"`{found[1]}` is no Python that works", notes=said, hint=hint)]
    )


def _explain_no_apt(evidence: Evidence) -> Diagnostic:
    place = evidence.places.get("system")
    return Diagnostic(
        code="E393",
        message="the base has no apt to install `system` packages with",
        labels=(Label(span=place),) if place is not None else (),
        notes=(f"the whole log: {evidence.log}",),
        hint="name a base of Debian or Ubuntu, or install them in a `run` step with network",
    )
