"""A base that is not what the spec or its lock takes it for, as a failed build tells it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envc.build.note import find_problem
from envc.diagnostics import Diagnostic, Label
from envc.errors import EnvcError, InputError

if TYPE_CHECKING:
    from envc.build.failure import Evidence

__all__ = ["explain_account", "explain_system"]

_NO_ACCOUNT = re.compile(r'process "id -u -- (.+?)" did not complete')
_NO_USER = re.compile(r"the base has no user `(.+)`")
_LOCKED_PACKAGES = "/mnt/envc/system.sh /mnt/packages"
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


def explain_system(evidence: Evidence) -> EnvcError | None:
    """Explain that a base which was built anew is not the one that Debian packages were locked for
    (E399); None where that is not it."""
    failure, place = evidence.failure, evidence.places.get("dockerfile")
    if failure is None or place is None or _LOCKED_PACKAGES not in failure.name:
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
