"""What must hold in an image before it gets its name: the spec's checks, and what every image promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from envc.canonical import Json, digest
from envc.frozen import frozen
from envc.lock.model import PlatformLock
from envc.plan.account import Account, account
from envc.plan.setting import ACTIVATE, PREFIX
from envc.source import Span
from envc.spec.defaults import check_timeout_s, pip_overrides, user
from envc.spec.model import CheckCommand, EnvSpec
from envc.spec.requirement import PipRequirement, normal_name, parse_requirement
from envc.syntax.document import Document

__all__ = ["Checks", "Command", "Installed"]

_VERSION = 2
"""Of envc's own checks: another one has every image checked again."""


@frozen
class Command:
    """What `/bin/sh` must run with exit code 0.

    Attributes:
        prints: A text that it must print, among others; None where that is no matter.
        origin: Where the spec asks for it.
        prints_origin: Where the spec says what it prints.
    """

    text: str
    prints: str | None = None
    origin: Span | None = field(default=None, compare=False)
    prints_origin: Span | None = field(default=None, compare=False)


@frozen
class Installed:
    """What envc has installed at `/opt/env`; names of distributions in normal form.

    Attributes:
        python: The version of the environment's Python; None where it has none.
        wheels: The distributions that came as wheels of the lock, or were built from it, sorted.
        conda: Those that Conda packages bring, whether or not Python knows of them; sorted.
        overridden: Those whose version the spec decides against all requirements; sorted.
        allowed: Libraries that may be missing, since machines bring them.
    """

    python: str | None
    wheels: tuple[str, ...] = ()
    conda: tuple[str, ...] = ()
    overridden: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


@frozen
class Checks:
    """What must work in an image before it gets its name.

    Attributes:
        imports: Modules that must import, and where the spec asks for that.
        commands: What must run, in order.
        python: The interpreter that imports: a path, or a name on the image's PATH.
        account: Who runs in the image; None leaves that, and where to write, unchecked.
        workdir: Where commands start, which the account should be able to write to.
        installed: What to examine; None where envc has installed nothing.
        timeout_s: How long each check may take.
        activation: The words before each command that set what Conda packages want to have set, as
            the image's entrypoint does; empty without such packages.
    """

    imports: Mapping[str, Span | None] = field(default_factory=dict)
    commands: tuple[Command, ...] = ()
    python: str = "python"
    account: Account | None = None
    workdir: str = "/"
    installed: Installed | None = None
    timeout_s: float = 600.0
    activation: tuple[str, ...] = ()

    @staticmethod
    def of(spec: EnvSpec, document: Document, locked: PlatformLock) -> Checks:
        """Return the checks of a spec's image for one platform."""
        own = account(user(spec))
        return Checks(
            imports={
                module: document.span(("check", "import", number))
                for number, module in enumerate(spec.check.imports)
            },
            commands=tuple(
                _command(run, document, number) for number, run in enumerate(spec.check.run)
            ),
            python=spec.interpreter or "python",
            account=own,
            workdir=spec.workdir or own.home,
            installed=_installed(spec, locked),
            timeout_s=check_timeout_s(spec),
            activation=(ACTIVATE,) if locked.conda else (),
        )

    @property
    def identity(self) -> str:
        """What tells these checks from others: `sha256:` and 64 hex digits."""
        own, found = self.account, self.installed
        data: dict[str, Json] = {
            "version": _VERSION,
            "imports": list(self.imports),
            "commands": [[command.text, command.prints] for command in self.commands],
            "python": self.python,
            "account": [own.user, own.home] if own is not None else None,
            "workdir": self.workdir,
            "prefix": PREFIX,
        }
        if self.activation:
            data["activation"] = list(self.activation)
        if found is not None:
            data["installed"] = {
                "python": found.python is not None,
                "wheels": list(found.wheels),
                "conda": list(found.conda),
                "overridden": list(found.overridden),
                "allowed": list(found.allowed),
            }
        return digest(data)


def _installed(spec: EnvSpec, locked: PlatformLock) -> Installed | None:
    if locked.python is None and not locked.conda:
        return None
    return Installed(
        python=locked.python.version if locked.python is not None else None,
        wheels=tuple(sorted({normal_name(package.name) for package in locked.distributions})),
        conda=tuple(sorted({normal_name(one.distribution or one.name) for one in locked.conda})),
        overridden=tuple(
            sorted(
                {
                    parsed.name
                    for parsed in map(parse_requirement, pip_overrides(spec))
                    if isinstance(parsed, PipRequirement)
                }
            )
        ),
        allowed=tuple(sorted(spec.check.allow_missing)),
    )


def _command(run: str | CheckCommand, document: Document, number: int) -> Command:
    place = ("check", "run", number)
    if isinstance(run, str):
        return Command(text=run, origin=document.span(place))
    return Command(
        text=run.command,
        prints=run.prints,
        origin=document.span((*place, "command")),
        prints_origin=document.span((*place, "prints")),
    )
