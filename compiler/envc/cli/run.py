"""`envc run`: a command in the image."""

from __future__ import annotations

import argparse
import sys

from envc import pipeline
from envc.cli.build import add_build_arguments, provide
from envc.cli.console import Console
from envc.cli.recording import Recorder
from envc.cli.verb import Verb, add_spec, add_variant, choice_of, machine_of

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "envc run SPEC [options] [-- COMMAND ...]"
    add_spec(parser)
    add_variant(parser, text="the variant to run in; needed where there are several")
    add_build_arguments(parser)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    from envc.engine.foreground import Streams

    [(variant, image)] = provide(arguments, console, is_single=True).items()
    if not image.is_cached:
        console.show(image.warnings)
    sys.stdout.flush()
    sys.stderr.flush()
    streams = Streams(stdin=sys.stdin.buffer, stdout=sys.stdout.buffer, stderr=sys.stderr.buffer)
    machine = machine_of(arguments, console)
    recorder = Recorder(arguments, console, machine.home)
    with recorder.recording_run(variant, image, arguments.command) as ended:
        code = pipeline.run(
            arguments.spec,
            image,
            arguments.command,
            machine,
            streams,
            variant=variant,
            choice=choice_of(arguments),
            on_warning=lambda warning: console.show([warning]),
        )
        ended(code)
    return code


VERB = Verb(
    name="run",
    add_arguments=_add_arguments,
    execute=_execute,
    details="The image is built where the engine does not have it; without a command, it runs what "
    "it runs by default. The exit code is the command's.",
    takes_command=True,
)
