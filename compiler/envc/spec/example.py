"""How each field is written: a table from fields to the same example in both forms."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from envc.frozen import frozen
from envc.spec.example_image import IMAGE
from envc.spec.example_package import PACKAGES
from envc.spec.example_running import RUNNING

__all__ = ["EXAMPLES", "Example"]


@frozen
class Example:
    """A part of a spec, without an end of line: with an `environment` it is a whole one."""

    dsl: str
    yaml: str


EXAMPLES: Mapping[str, Example] = {
    name: Example(dsl=dedent(dsl).strip(), yaml=dedent(yaml).strip())
    for name, (dsl, yaml) in {**IMAGE, **PACKAGES, **RUNNING}.items()
}
"""A field that has no row is shown in the example of the block that it is in."""
