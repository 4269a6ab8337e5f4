"""What uv is asked, as data, and how it is asked, apart from the user's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.frozen import frozen
from envc.mark import temporary_folder
from envc.process import Completed, Started, start
from envc.resolve.network import network_environment

__all__ = ["FOLDER", "RETRIES", "Question", "broken", "own_environment", "program"]

FOLDER = "file:///the-folder-of-this-question"
"""Stands in a question's texts for the address of the folder that they will lie in."""
RETRIES = 2
"""How often uv tries again where a connection failed."""


@frozen
class Question:
    """What uv is asked.

    Attributes:
        command: The program and its arguments, which name files as `files` does.
        files: What lies in the folder that it runs in, by path.
        environment: All of its variables but HOME, which is that folder.
        is_lasting: Whether it may be kept: it has no credential, and asks nobody who ends with this
            process.
    """

    command: tuple[str, ...]
    files: Mapping[str, bytes]
    environment: Mapping[str, str] = field(repr=False)
    is_lasting: bool = field(default=False, compare=False)

    def ask(self, meanwhile: Callable[[], None] = lambda: None) -> Completed:
        """Run uv to its end.

        Args:
            meanwhile: What there is to do while it runs.

        Raises:
            EndingError: All programs are being ended.
            ProgramMissingError: There is no uv.
        """
        with temporary_folder("uv") as name:
            started = self.start(Path(name))
            try:
                meanwhile()
            except BaseException:
                started.end()
                raise
            return started.finish("")

    def start(self, folder: Path) -> Started:
        """Start uv in an empty folder, which is to stay until it has ended.

        Raises:
            EndingError: As `ask`.
            ProgramMissingError: As `ask`.
        """
        address = folder.as_uri().encode()
        for path, content in self.files.items():
            place = folder / path
            place.parent.mkdir(exist_ok=True)
            is_text = not path.endswith(".whl")
            place.write_bytes(content.replace(FOLDER.encode(), address) if is_text else content)
        # A home of its own: no ~/.netrc or uv.toml counts.
        return start(
            self.command, environment={**self.environment, "HOME": str(folder)}, folder=folder
        )


def own_environment(environment: Mapping[str, str], *, retries: int) -> dict[str, str]:
    """Return what uv gets of the caller's variables, and how often it tries again."""
    return {
        **network_environment(environment),
        "PATH": environment.get("PATH", ""),
        "UV_HTTP_RETRIES": str(retries),
    }


def program() -> str:
    """Return where uv is.

    Raises:
        ToolError: It is not installed (E338).
    """
    import uv

    try:
        return uv.find_uv_bin()
    except FileNotFoundError as error:
        raise broken("the `uv` distribution has no program", "") from error


def broken(message: str, text: str) -> ToolError:
    """Return what to raise where uv itself fails (E338)."""
    hint = "install envc again; if this stays, report it with the text above"
    notes = (text.strip(),) if text.strip() else ()
    return ToolError([Diagnostic(code="E338", message=message, notes=notes, hint=hint)])
