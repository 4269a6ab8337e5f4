"""The verbs, and what they have in common: their arguments, and errors in our own form."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from envc.cli.console import Console
from envc.cli.referring import resolve_specs
from envc.diagnostics import Diagnostic, suggest
from envc.errors import UsageError
from envc.frozen import frozen
from envc.machine import Machine

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.reference import ImageReference

__all__ = [
    "VERBS",
    "Verb",
    "add_builder",
    "add_choice",
    "add_mirror",
    "add_spec",
    "add_templates",
    "add_variant",
    "choice_of",
    "machine_of",
    "overview",
    "parse_image",
]

VERBS = {
    "init": "write a spec to begin with",
    "check": "say what is wrong with a spec",
    "fmt": "write specs in their canonical layout",
    "convert": "print a spec in the language's other form",
    "explain": "say what a field means, or a diagnostic's code, or what an env id is made of",
    "schema": "print the JSON Schema of specs in YAML",
    "export": "print a lock in the format of another tool",
    "import": "make a spec of the file of another tool",
    "lock": "resolve a spec and pin everything in its lock",
    "compile": "write the Dockerfile of a locked spec, and all that it needs",
    "hash": "print the environment's id, a line per platform",
    "diff": "say how two environments differ, and why their ids do",
    "bake": "build the images of many specs, side by side",
    "build": "build the image, unless the engine or a registry has it",
    "run": "run a command in the image",
    "vendor": "gather all that locks pin in one folder, for builds without a network",
    "verify": "build twice, and say whether the images are the same",
    "attest": "attach SBOMs and provenance to the image in its registry, and sign it",
    "env": "register environments, and find, get and list those that are",
    "image": "list the images of environments, and drop those that nothing needs",
    "history": "list what was built and run",
    "doctor": "say what is wrong with this machine, and what mends it",
}
"""What the overview says of each; the module of the same name does it."""


@frozen
class Verb:
    """A verb.

    Attributes:
        name: As the user writes it.
        add_arguments: Describes its arguments.
        execute: Does it, and returns the exit code.
        details: What its help says after the summary.
        takes_command: Whether what follows `--` is a command, which becomes `command`.
        is_changing: Says whether it writes to its specs, which those of the store do not allow.
        takes_image: Whether an image may stand for a spec, which becomes `named_image` then.
    """

    name: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    execute: Callable[[argparse.Namespace, Console], int]
    details: str = ""
    takes_command: bool = False
    is_changing: Callable[[argparse.Namespace], bool] = lambda _: False
    takes_image: bool = False

    def run(self, words: Sequence[str], console: Console) -> int:
        """Parse the words after the verb and do it.

        Raises:
            UsageError: The words are wrong (E001), or name a version that is not registered
                (E704), or may not be changed (E711), or an image where there is to be a spec (E737).
        """
        summary = VERBS[self.name]
        parser = _Parser(
            prog=f"envc {self.name}",
            description=f"{summary[0].upper()}{summary[1:]}. {self.details}",
            allow_abbrev=False,
        )
        parser.takes_command = self.takes_command
        self.add_arguments(parser)
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object; its shape is in docs/cli.md"
        )
        # Split here: argparse loses a command's words where options stand between them.
        at = list(words).index("--") if self.takes_command and "--" in words else len(words)
        try:
            arguments = parser.parse_args(words[:at])
        except SystemExit:  # after --help, which is the only way that is left to end here
            return 0
        if self.takes_command:
            arguments.command = tuple(words[at + 1 :])
        resolve_specs(
            arguments,
            console,
            is_changing=self.is_changing(arguments),
            takes_image=self.takes_image,
        )
        return self.execute(arguments, console)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are diagnostics."""

    takes_command = False

    def error(self, message: str) -> NoReturn:
        options = [option for action in self._actions for option in action.option_strings]
        unknown = re.fullmatch(r"unrecognized arguments: (\S+).*", message)
        hint = f"`{self.prog} --help` lists its arguments"
        if unknown and unknown[1].startswith("-"):
            message = f"unknown option `{unknown[1]}`"
            meant = suggest(unknown[1].partition("=")[0], options)
            hint = f"did you mean `{meant}`?" if meant else hint
        elif unknown:
            message = f"there is no place for `{unknown[1]}`"
            hint = "write `--` before the command" if self.takes_command else hint
        raise UsageError([Diagnostic(code="E001", message=_quote(message), hint=hint)])


def overview() -> str:
    """Return what `envc --help` prints."""
    width = max(len(name) for name in VERBS)
    verbs = "\n".join(f"  {name:{width}}  {summary}" for name, summary in VERBS.items())
    return (
        "usage: envc VERB ...\n\n"
        "The environment compiler: a spec becomes a lock, a Dockerfile and an image.\n\n"
        f"verbs:\n{verbs}\n\n"
        "`envc VERB --help` says more. `envc --version` prints the version.\n\n"
        "exit codes: 0 ok, 1 the spec or its lock is wrong, 2 the command line is wrong,\n"
        "3 a tool, the network or a registry failed, 4 drift (--check), 70 a bug in envc"
    )


def add_spec(
    parser: argparse.ArgumentParser, *, text: str = "the spec, NAME.envc or NAME.yaml"
) -> None:
    """Describe the spec's path."""
    parser.add_argument("spec", metavar="SPEC", type=Path, help=text)


def add_mirror(parser: argparse.ArgumentParser, *, has_variable: bool = True) -> None:
    """Describe the mirror map."""
    also = "; ENVC_MIRRORS has more of them" if has_variable else ""
    parser.add_argument(
        "--mirror",
        action="append",
        default=[],
        metavar="CANONICAL=MIRROR",
        help=f"fetch all below one address from another; repeatable{also}",
    )


def add_variant(parser: argparse.ArgumentParser, *, text: str) -> None:
    """Describe the choice of variants; `text` says what is done with them."""
    parser.add_argument(
        "--variant",
        dest="variants",
        action="append",
        default=[],
        metavar="NAME",
        help=f"of a spec with a matrix, {text}",
    )


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Describe what is chosen of a spec's parameters."""
    parser.add_argument(
        "--set",
        dest="sets",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="give one of the spec's parameters a value; repeatable",
    )


def add_templates(parser: argparse.ArgumentParser) -> None:
    """Describe the folder of the user's templates."""
    parser.add_argument(
        "--templates",
        metavar="DIR",
        type=Path,
        help="templates that override blocks of the Dockerfile's; the ids depend on them",
    )


def add_builder(parser: argparse.ArgumentParser) -> None:
    """Describe who builds."""
    parser.add_argument(
        "--builder",
        metavar="NAME",
        help="the builder of `docker buildx` that builds; the image gets into the engine all the same; "
        "default: the one that is in use",
    )


def choice_of(arguments: argparse.Namespace) -> Choice:
    """Return what the arguments choose.

    Raises:
        UsageError: A choice is no name with a value, or one is set twice (E005).
    """
    from envc.compose import Choice

    sets: dict[str, str] = {}
    problems: list[Diagnostic] = []
    for text in arguments.sets:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            hint = "write it as `--set NAME=VALUE`"
            message = f"`--set {text}` gives no parameter a value"
            problems.append(Diagnostic(code="E005", message=message, hint=hint))
        elif name.strip() in sets:
            message = f"the parameter `{name.strip()}` is set twice"
            problems.append(Diagnostic(code="E005", message=message, hint="keep one of the two"))
        else:
            sets[name.strip()] = value
    if problems:
        raise UsageError(problems)
    return Choice(sets=sets)


def parse_image(name: str, what: str) -> ImageReference:
    """Return the image that an argument names.

    Raises:
        UsageError: It names none (E004).
    """
    from envc.reference import ImageReference

    try:
        return ImageReference.parse(name)
    except ValueError as error:
        message = f"the {what} `{name}` is not an image's name: {error}"
        hint = "write it as `docker` takes it, such as `registry.example/team/pets`"
        raise UsageError([Diagnostic(code="E004", message=message, hint=hint)]) from error


def machine_of(arguments: argparse.Namespace, console: Console) -> Machine:
    """Return the machine, with the mirrors that the arguments name.

    Raises:
        UsageError: A mirror is wrong (E002).
    """
    mirrors: list[Any] = getattr(arguments, "mirror", [])
    return Machine.here(console.environment, mirrors=mirrors, tell=console.note)


def _quote(message: str) -> str:
    """Return argparse's message with names in backticks, as our own messages have them."""
    message = re.sub(r"^argument (\S+): ", r"`\1`: ", message)
    message = message[:1].lower() + message[1:]
    return re.sub(r"'([^']*)'", r"`\1`", message)
