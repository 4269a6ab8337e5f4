"""The spec's checks, run in the image that was built: each that fails is a diagnostic of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from envc.diagnostics import Diagnostic, Label
from envc.engine.docker import Engine
from envc.process import Completed
from envc.source import Span

__all__ = ["Command", "check"]

_TAIL_LINES = 20
# It waits for as long as its stdin is open: no image need have `sleep`.
_IDLE = ("/bin/sh", "-c", "read -r _")
# One stream, since the engine does not keep the order between two.
_TOGETHER = 'exec /bin/sh -e -c "$1" 2>&1'
_IMPORT = "import importlib, sys; importlib.import_module(sys.argv[1])"


@dataclass(frozen=True, slots=True, kw_only=True)
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


def check(
    engine: Engine,
    image: str,
    *,
    imports: Mapping[str, Span | None],
    commands: Sequence[Command],
    python: str = "python",
) -> tuple[Diagnostic, ...]:
    """Return what does not hold, in the order given; empty where all does.

    All run in one container, one after the other, as the image's own user, in its workdir, with its
    variables and without a network; its entrypoint is left out.

    Args:
        imports: Modules that must import, and where the spec asks for that.
        commands: What must run, in order.
        python: The interpreter that imports: a path, or a name on the image's PATH.

    Raises:
        ToolError: The engine cannot run the image at all (E603).
    """
    if not imports and not commands:
        return ()
    problems = []
    with engine.open(image, entrypoint=_IDLE) as container:
        if not container.start():
            return (_explain_shell(image),)
        for module, span in imports.items():
            done = container.execute([python, "-c", _IMPORT, module])
            if done.returncode != 0:
                problems.append(_explain("E620", f"`{module}` cannot be imported", span, done))
        for command in commands:
            done = container.execute(["/bin/sh", "-c", _TOGETHER, "sh", command.text])
            problems += _judge(command, done)
    return tuple(problems)


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
        hint=hint,
    )


def _explain_shell(image: str) -> Diagnostic:
    return Diagnostic(
        code="E622",
        message=f"the checks cannot run: `{image}` has no `/bin/sh`",
        hint="take a base that has a shell",
    )
