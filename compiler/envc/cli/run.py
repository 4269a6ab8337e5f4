"""`envc run`: a command in the image."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from envc import pipeline
from envc.cli.build import add_build_arguments, provide
from envc.cli.console import Console
from envc.cli.recording import Recorder
from envc.cli.verb import Verb, add_spec, add_variant, choice_of, machine_of
from envc.diagnostics import Diagnostic
from envc.errors import UsageError

if TYPE_CHECKING:
    from envc.engine.foreground import Streams

__all__ = ["VERB"]

_FOR_SPECS = {
    "--variant": "variants",
    "--set": "sets",
    "--templates": "templates",
    "--vendor": "vendor",
    "--repository": "repository",
    "--from": "others",
    "--ca-bundle": "ca_bundle",
    "--network": "network",
    "--log": "log",
    "--builder": "builder",
    "--cache": "caches",
}
"""What says how an image is found or built, by its name among the arguments."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "envc run SPEC|IMAGE [options] [-- COMMAND ...]"
    add_spec(
        parser, text="the spec, NAME.envc or NAME.yaml; or an image, such as ghcr.io/team/envs:TAG"
    )
    add_variant(parser, text="the variant to run in; needed where there are several")
    add_build_arguments(parser)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    if arguments.named_image:
        return _execute_image(arguments, console)
    [(variant, image)] = provide(arguments, console, is_single=True).items()
    if not image.is_cached:
        console.show(image.warnings)
    streams = _open_streams()
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


def _execute_image(arguments: argparse.Namespace, console: Console) -> int:
    """Run in an image that is named itself: there is no spec, so nothing is built.

    Raises:
        UsageError: An option is about specs (E738), there is no such image (E736), it is an
            environment (E737), or for other platforms (E739).
    """
    given = [option for option, name in _FOR_SPECS.items() if getattr(arguments, name)]
    if given:
        message = f"`{given[0]}` is for specs, and `{arguments.named_image}` is an image"
        raise UsageError([Diagnostic(code="E738", message=message, hint="leave it out")])
    machine = machine_of(arguments, console)
    image = pipeline.provide_image(
        arguments.named_image,
        machine,
        platform=arguments.platform,
        pull="never" if arguments.offline else arguments.pull,
        reasons=arguments.reasons,
        report=console.note,
    )
    streams = _open_streams()
    recorder = Recorder(arguments, console, machine.home)
    with recorder.recording_run("", image, arguments.command) as ended:
        code = pipeline.run_image(image, arguments.command, machine, streams)
        ended(code)
    return code


def _open_streams() -> Streams:
    from envc.engine.foreground import Streams

    sys.stdout.flush()
    sys.stderr.flush()
    return Streams(stdin=sys.stdin.buffer, stdout=sys.stdout.buffer, stderr=sys.stderr.buffer)


VERB = Verb(
    name="run",
    add_arguments=_add_arguments,
    execute=_execute,
    details="The image is built where the engine does not have it; without a command, it runs what "
    "it runs by default. The exit code is the command's. An image that is named itself is pulled where "
    "the engine does not have it.",
    takes_command=True,
    takes_image=True,
)
