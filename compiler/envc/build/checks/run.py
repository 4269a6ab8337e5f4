"""The checks of an image, run in one container of it: each that fails is a diagnostic of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any

from envc.build.checks.claim import Checks, Command, Installed
from envc.build.checks.judgement import advise_on_library, judge_libraries, judge_packages
from envc.diagnostics import Diagnostic, Label, Severity
from envc.engine.container import Container, ContainerEndedError
from envc.engine.docker import Engine
from envc.errors import ToolError
from envc.frozen import frozen
from envc.plan.setting import BIN, PREFIX
from envc.process import Completed
from envc.source import Span

__all__ = ["Checked", "check", "probe_command"]

_TAIL_LINES = 20
# It waits for as long as its stdin is open: no image need have `sleep`.
_IDLE = ("/bin/sh", "-c", "read -r _")
# One stream, since the engine does not keep the order between two.
_TOGETHER = 'exec /bin/sh -e -c "$1" 2>&1'
_IMPORT = "import importlib, sys; importlib.import_module(sys.argv[1])"
_NOT_FOR_US = "exec format error"
_STARTED = "envc-has-started"
_OLDEST = (3, 8)  # what the modules in `inside` are written for
# A file is made, since a folder that may be written to can be on a disk that may not.
_LOOK = r"""
if ! command -v id >/dev/null; then echo "pathless $PATH"
elif ! id -un >/dev/null 2>&1; then echo "unnamed"
fi
for folder in "$HOME" "$@"; do
    file=$folder/.envc-$$
    if (: >"$file") 2>/dev/null; then rm -f -- "$file"; else echo "unwritable $folder"; fi
done
echo "python $(command -v python)"
"""
# Each after those that it imports.
_INSIDE = ("linker", "probe")
# A module that is there already is not looked for, nor are the packages that it is said to be in.
_BOOTSTRAP = """
import json, sys, types
sources, asked = json.loads(sys.argv[1])
for name, source in sources:
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
print()
print(json.dumps(module.main(asked)))
"""


@frozen
class Checked:
    """What checks found: `problems` forbid to use the image, `warnings` do not."""

    problems: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


def check(engine: Engine, image: str, checks: Checks, *, name: str | None = None) -> Checked:
    """Return what does not hold in an image: the spec's own checks in its order, then envc's.

    All run in one container, one after the other, as the image's own user, in its workdir, with its
    variables and without a network; its entrypoint is left out, but for what Conda packages activate.

    Args:
        name: What diagnostics call the image; None for `image`, which may be gone when they are read.

    Raises:
        ToolError: The engine cannot run the image at all (E603), went away (E601), or the container
            ended while it was needed (E629).
    """
    told = name or image
    with engine.open(image, entrypoint=_IDLE) as container:
        if not container.start():
            return _without_shell(told, checks)
        session = _Session(container=container, image=told, checks=checks)
        try:
            session.run()
        except ContainerEndedError as error:
            if _NOT_FOR_US in error.reason:
                return Checked(warnings=(_explain_foreign(told),))
            raise ToolError([_explain_end(told, error.reason)]) from error
    return Checked(
        problems=tuple(one for one in session.found if one.severity is Severity.ERROR),
        warnings=tuple(one for one in session.found if one.severity is Severity.WARNING),
    )


def probe_command(python: str, asked: Mapping[str, Any]) -> list[str]:
    """Return what prints the facts about an environment as its last line, in JSON.

    Args:
        python: The environment's own.
        asked: See `envc.build.checks.inside.probe.main`.
    """
    folder = files("envc.build.checks.inside")
    sources = [
        (
            f"envc.build.checks.inside.{name}",
            folder.joinpath(f"{name}.py").read_text(encoding="utf-8"),
        )
        for name in _INSIDE
    ]
    return [python, "-I", "-B", "-c", _BOOTSTRAP, json.dumps([sources, dict(asked)])]


def _is_too_old(python: str) -> bool:
    """Say whether the probe cannot run in a Python of this version.

    >>> _is_too_old("3.7.16"), _is_too_old("3.12.1")
    (True, False)
    """
    major, minor = python.split(".")[:2]
    return (int(major), int(minor)) < _OLDEST


@dataclass(slots=True, kw_only=True)
class _Session:
    """Checks in a container that runs; `found` grows."""

    container: Container
    image: str
    checks: Checks
    found: list[Diagnostic] = field(default_factory=list)

    def run(self) -> None:
        """Run all, until one takes too long: the container is gone then."""
        checks = self.checks
        what, span = "the look at the user", None
        try:
            looked = self._execute("/bin/sh", "-c", _LOOK, "sh", checks.workdir)
            if looked.returncode != 0 and _NOT_FOR_US in looked.stdout:
                # The engine has not noticed yet that the container ended for the same reason.
                raise ContainerEndedError(_NOT_FOR_US)
            what = "the start of the image"
            if (broken := self._start()) is not None:
                self.found.append(broken)
                return
            for module, span in checks.imports.items():
                what = f"the import of `{module}`"
                done = self._execute(*checks.activation, checks.python, "-c", _IMPORT, module)
                if done.returncode != 0:
                    self.found.append(_explain_import(module, span, done))
            for command in checks.commands:
                what, span = f"the check `{command.text}`", command.origin
                shell = (*checks.activation, "/bin/sh", "-c", _TOGETHER, "sh")
                done = self._execute(*shell, command.text)
                self.found += _judge(command, done)
            what, span = "the look at the packages", None
            self.found += self._judge_user(looked)
            self._examine()
        except TimeoutError:
            self.found.append(_explain_timeout(what, span, checks.timeout_s))

    def _start(self) -> Diagnostic | None:
        """Return why no command would ever start in the image: what is run before it fails."""
        if not self.checks.activation:
            return None
        done = self._execute(*self.checks.activation, "/bin/sh", "-c", f"echo {_STARTED}")
        if done.returncode == 0 and _STARTED in done.stdout.splitlines()[-1:]:
            return None
        return _explain_start(self.image, done)

    def _execute(self, *command: str) -> Completed:
        return self.container.execute(command, timeout_s=self.checks.timeout_s)

    def _judge_user(self, looked: Completed) -> Iterator[Diagnostic]:
        account = self.checks.account
        lines = looked.stdout.splitlines()
        if account is not None and account.is_made and account.uid:
            if "unnamed" in lines:
                yield _explain_unnamed(account.user)
            pathless = next((line for line in lines if line.startswith("pathless ")), None)
            if pathless is not None:
                yield _explain_path(pathless.removeprefix("pathless "))
            if f"unwritable {account.home}" in lines:
                yield _explain_home(account.user, account.home)
        workdir = self.checks.workdir
        is_stuck = workdir != "/" and f"unwritable {workdir}" in lines
        if is_stuck and account is not None and not account.is_root:
            yield _explain_workdir(account.user, workdir)
        installed = self.checks.installed
        has_python = installed is not None and installed.python is not None
        python = next((line for line in lines if line.startswith("python ")), "python ")
        if has_python and python != f"python {BIN}/python":
            yield _explain_python(python.removeprefix("python "))

    def _examine(self) -> None:
        installed = self.checks.installed
        if installed is None or installed.python is None:
            return
        if _is_too_old(installed.python):
            self.found.append(_explain_old(installed.python))
            return
        asked = {
            "prefix": PREFIX,
            "allowed": list(installed.allowed),
            "timeout_s": self.checks.timeout_s,
        }
        probe = probe_command(f"{BIN}/python", asked)
        done = self._execute(*self.checks.activation, *probe)
        facts = _read_facts(done)
        if facts is None:
            self.found.append(_explain_probe(done))
            return
        self.found += self._judge_facts(facts, installed)

    def _judge_facts(self, facts: dict[str, Any], installed: Installed) -> Iterator[Diagnostic]:
        yield from judge_packages(facts["distributions"], facts["markers"], installed)
        # What the spec's own checks could not import is told already, with its place.
        failed = {one.message for one in self.found if one.code == "E620"}
        rows = [row for row in facts["libraries"] if _cannot_import(row["breaks"]) not in failed]
        yield from judge_libraries(rows, PREFIX)


def _read_facts(done: Completed) -> dict[str, Any] | None:
    """Return what the probe printed last; something of the image's may have printed before."""
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        return None
    try:
        facts = json.loads(lines[-1])
    except ValueError:
        return None
    return facts if isinstance(facts, dict) else None


def _without_shell(image: str, checks: Checks) -> Checked:
    if checks.activation:
        return Checked(problems=(_explain_unstartable(image),))
    if checks.imports or checks.commands:
        return Checked(problems=(_explain_shell(image),))
    message = f"`{image}` is not checked: it has no `/bin/sh`"
    return Checked(warnings=(Diagnostic(code="W627", message=message),))


def _judge(command: Command, done: Completed) -> Iterator[Diagnostic]:
    if done.returncode != 0:
        message = f"the check `{command.text}` failed with exit code {done.returncode}"
        yield _explain("E621", message, command.origin, done)
    elif command.prints is not None and command.prints not in done.stdout:
        expected = "\n".join(("it should print:", *command.prints.splitlines()))
        problem = _explain(
            "E623",
            f"the check `{command.text}` does not print what the spec says",
            command.prints_origin,
            done,
            hint="find out which is right: the image, or what the spec expects of it",
        )
        yield replace(problem, notes=(expected, *(problem.notes or ("it printed nothing",))))


def _explain(
    code: str,
    message: str,
    span: Span | None,
    done: Completed,
    *,
    hint: str = "add the package that it lacks, or correct the check",
) -> Diagnostic:
    tail = done.stdout.rstrip().splitlines()[-_TAIL_LINES:]
    return Diagnostic(
        code=code,
        message=message,
        labels=(Label(span=span),) if span is not None else (),
        notes=("\n".join(("its last lines:", *tail)),) if tail else (),
        hint=advise_on_library(done.stdout) or hint,
    )


def _cannot_import(module: str) -> str:
    return f"`{module}` cannot be imported"


def _explain_import(module: str, span: Span | None, done: Completed) -> Diagnostic:
    return _explain("E620", _cannot_import(module), span, done)


def _explain_shell(image: str) -> Diagnostic:
    return Diagnostic(
        code="E622",
        message=f"the checks cannot run: `{image}` has no `/bin/sh`",
        hint="take a base that has a shell",
    )


def _explain_unstartable(image: str) -> Diagnostic:
    return Diagnostic(
        code="E608",
        message=f"nothing can start in `{image}`: it has no `/bin/sh`",
        notes=("Conda packages have their variables set by a script that every start runs",),
        hint="take a base that has a shell",
    )


def _explain_start(image: str, done: Completed) -> Diagnostic:
    return _explain(
        "E608",
        f"nothing can start in `{image}`: what activates its Conda packages fails",
        None,
        done,
        hint="leave out the package whose activation script that is, or let a step after the packages "
        f"correct it: they are in `{PREFIX}/etc/conda/activate.d`",
    )


def _explain_foreign(image: str) -> Diagnostic:
    return Diagnostic(
        code="W627",
        message=f"`{image}` is not checked: the engine cannot run programs for its platform",
        hint="build it once on a machine of that platform, or let the engine emulate it: "
        "`docker run --privileged --rm tonistiigi/binfmt --install all`",
    )


def _explain_old(version: str) -> Diagnostic:
    return Diagnostic(
        code="W627",
        message=f"installed packages are not looked at: that takes Python 3.8, and this is {version}",
        hint="let the spec's own `check` import what matters",
    )


def _explain_end(image: str, reason: str) -> Diagnostic:
    return Diagnostic(
        code="E629",
        message=f"the container that checks `{image}` ended before its checks",
        notes=(reason,),
        hint="build again; where memory ran out, give the engine more, or let a check need less",
    )


def _explain_timeout(what: str, span: Span | None, timeout_s: float) -> Diagnostic:
    return Diagnostic.at(
        span,
        "E628",
        f"{what} took longer than {timeout_s:g} s",
        hint="let it do less, or give it more time, such as `check { timeout 30m }`",
    )


def _explain_unnamed(user: str) -> Diagnostic:
    return Diagnostic(
        code="E626",
        message=f"the image has no account for its user `{user}`",
        hint="let no step replace `/etc/passwd`: append to it",
    )


def _explain_path(path: str) -> Diagnostic:
    return Diagnostic(
        code="E626",
        message=f"the programs of the base are not on the image's `PATH`, which is `{path}`: there "
        "is no `id`",
        hint="add the base's folders to the variable, such as `/usr/local/bin:/usr/bin:/bin`",
    )


def _explain_home(user: str, home: str) -> Diagnostic:
    return Diagnostic(
        code="E626",
        message=f"the user `{user}` cannot write to its home `{home}`",
        hint=f"let no step take it away: `chown {user} {home}` gives it back",
    )


def _explain_workdir(user: str, workdir: str) -> Diagnostic:
    return Diagnostic(
        code="W626",
        message=f"the user `{user}` cannot write to the workdir `{workdir}`",
        hint="if it should, give it away in a step after the packages: "
        f'`run "chown {user} {workdir}"`',
    )


def _explain_python(path: str) -> Diagnostic:
    found = f"is `{path}`" if path else "is not on PATH"
    return Diagnostic(
        code="E627",
        message=f"`python` {found}, and not the environment's `{BIN}/python`",
        hint=f"let `{BIN}` be first on PATH, and let no step remove what is in it",
    )


def _explain_probe(done: Completed) -> Diagnostic:
    return _explain(
        "E627",
        f"the environment's `{BIN}/python` cannot tell what is installed",
        None,
        done,
        hint="let no step change the environment's Python",
    )
