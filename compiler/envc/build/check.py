"""The spec's checks, run in the image that was built: each that fails is a diagnostic of its own."""

from __future__ import annotations

from collections.abc import Mapping

from envc.diagnostics import Diagnostic, Label
from envc.engine.docker import Engine
from envc.process import Completed
from envc.source import Span

__all__ = ["check"]

_TAIL_LINES = 20
# It waits for as long as its stdin is open: no image need have `sleep`.
_IDLE = ("/bin/sh", "-c", "read -r _")
_IMPORT = "import importlib, sys; importlib.import_module(sys.argv[1])"


def check(
    engine: Engine,
    image: str,
    *,
    imports: Mapping[str, Span | None],
    commands: Mapping[str, Span | None],
) -> tuple[Diagnostic, ...]:
    """Return what does not hold, in the order given; empty where all does.

    All run in one container, one after the other, as the image's own user, in its workdir, with its
    variables and without a network; its entrypoint is left out.

    Args:
        imports: Modules that `python` must import, and where the spec asks for that.
        commands: What `/bin/sh` must run with exit code 0, and where the spec asks for that.

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
            done = container.execute(["python", "-c", _IMPORT, module])
            if done.returncode != 0:
                problems.append(_explain("E620", f"`{module}` cannot be imported", span, done))
        for command, span in commands.items():
            done = container.execute(["/bin/sh", "-e", "-c", command])
            if done.returncode != 0:
                message = f"the check `{command}` failed with exit code {done.returncode}"
                problems.append(_explain("E621", message, span, done))
    return tuple(problems)


def _explain(code: str, message: str, span: Span | None, done: Completed) -> Diagnostic:
    tail = done.stdout.rstrip().splitlines()[-_TAIL_LINES:]
    return Diagnostic(
        code=code,
        message=message,
        labels=(Label(span=span),) if span is not None else (),
        notes=("\n".join(("its last lines:", *tail)),) if tail else (),
        hint="add the package that it lacks, or correct the check",
    )


def _explain_shell(image: str) -> Diagnostic:
    return Diagnostic(
        code="E622",
        message=f"the checks cannot run: `{image}` has no `/bin/sh`",
        hint="take a base that has a shell",
    )
