"""The command line: one module per verb parses arguments, calls the pipeline and prints."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from pathlib import Path

from envc import __version__
from envc.cli.console import Console
from envc.cli.ending import Ended
from envc.cli.verb import VERBS, Verb, overview
from envc.diagnostics import Diagnostic, suggest
from envc.errors import EnvcError, UsageError

__all__ = ["main"]

_FEW_COLLECTIONS = 200_000
"""Objects that are kept until cycles are sought among them: Python's 700 cost a short verb 5 %."""

_INTERNAL_ERROR, _SIGNALLED, _INTERRUPTED, _BROKEN_PIPE = 70, 128, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; for this process's own arguments, end with it.

    0 is success, 1 a wrong spec or lock, 2 a wrong command line, 3 a failed tool, network or
    registry, 4 drift, 70 a bug in envc, 130 an interrupt, 129 and 143 SIGHUP and SIGTERM; `run`
    has the exit code of its command.

    Args:
        arguments: None for those that the process was started with.
    """
    code = _main(list(sys.argv[1:] if arguments is None else arguments))
    if arguments is None:
        _leave(code)
    return code


def _main(words: list[str]) -> int:
    _open_closed_streams()
    gc.set_threshold(_FEW_COLLECTIONS, *gc.get_threshold()[1:])
    # Plugins that others installed have no say here, and to look for them is slow.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    console = Console(
        sys.stdout, sys.stderr, os.environ, has_json="--json" in _before_command(words)
    )
    try:
        code = _run(words, console)
        sys.stdout.flush()
    except EnvcError as error:
        console.fail(error)
        return error.exit_code
    except KeyboardInterrupt as error:
        console.stop()
        return _SIGNALLED + error.number if isinstance(error, Ended) else _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has read enough; nothing may be written when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except Exception as error:
        console.crash(error)
        return _INTERNAL_ERROR
    return code


def _run(words: list[str], console: Console) -> int:
    if not words:
        console.note(overview())
        return UsageError.exit_code
    if words[0] in {"help", "-h", "--help"} and words[1:2] and not words[1].startswith("-"):
        words = [words[1], "--help"]
    if words[0] in {"-h", "--help", "help"}:
        console.print(overview())
        return 0
    if words[0] in {"-V", "--version"}:
        console.print(f"envc {__version__}")
        return 0
    if words[0] not in VERBS:
        raise UsageError([_explain_verb(words[0])])
    verb: Verb = import_module(f"envc.cli.{_module_of(words[0])}").VERB
    return verb.run(words[1:], console)


def _leave(code: int) -> None:
    """End the process without taking it apart, which takes as long as half of what `hash` does.

    Nothing happens where somebody watches it, or threads are to be waited for: Python ends then.
    """
    threads = sys.modules["threading"].enumerate() if "threading" in sys.modules else ()
    if _is_watched() or sum(not one.daemon for one in threads) > 1:
        return
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # a stream that is full, or closed: Python tells
        return
    os._exit(code)


def _is_watched() -> bool:
    """Say whether a profiler or the like is on, which has to write down what it saw."""
    monitoring = getattr(sys, "monitoring", None)  # from Python 3.12 on
    tools = (monitoring.get_tool(number) for number in range(6)) if monitoring is not None else ()
    return bool(sys.gettrace() or sys.getprofile() or any(tools))


def _module_of(verb: str) -> str:
    """Return the name of a verb's module: Python's own words are no names."""
    return f"{verb}_" if iskeyword(verb) else verb


def _open_closed_streams() -> None:
    """Let what the caller closed be empty: Python has None for it, and its number is up for reuse."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def _before_command(words: list[str]) -> list[str]:
    """Return the words that are ours: what follows `--` is somebody else's command."""
    return words[: words.index("--")] if "--" in words else words


def _explain_verb(word: str) -> Diagnostic:
    if word.startswith("-"):
        message = f"unknown option `{word}`"
        hint = "write the verb first: `envc VERB …`; `envc --help` lists the verbs"
        return Diagnostic(code="E001", message=message, hint=hint)
    meant = suggest(word, VERBS)
    hint = f"did you mean `envc {meant}`?" if meant else "`envc --help` lists the verbs"
    return Diagnostic(code="E001", message=f"unknown verb `{word}`", hint=hint)
