"""The public API: each function takes a spec's path and composes the stages up to what it returns.

A verb has a module here that does it; this one only says where. What several verbs do is below them:
`front` reads a spec and its lock, `context` the files beside it, `prepared` makes its plans,
`provision` gets its image.

    >>> from pathlib import Path
    >>> from envc import pipeline
    >>> pipeline.lock_path(Path("specs/pets.envc"))
    PosixPath('specs/pets.lock')

Stages are imported where they are used: `identify` and `compile` load no solver and no SDK.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from envc.machine import Machine
from envc.pipeline.front import Checked, CheckedFile, check_file, lock_path, read

if TYPE_CHECKING:
    from envc.build.terms import COMPRESSIONS, PULLS, Compression, Pull, Terms
    from envc.doctor import examine
    from envc.pipeline.attesting import Attested, AttestOptions, attest, list_attestations
    from envc.pipeline.baking import bake, write_bake
    from envc.pipeline.building import BuildOptions, build
    from envc.pipeline.comparison import Agreed, check_lock
    from envc.pipeline.compiling import (
        Compiled,
        check_compiled,
        compile,  # noqa: A004  # the verb's own name
        write_depfile,
    )
    from envc.pipeline.differing import Differed, DiffOptions, ImageDifference, diff
    from envc.pipeline.hashing import (
        Identity,
        VariantIdentity,
        identify,
        spec_id,
        variant_spec_ids,
    )
    from envc.pipeline.interchange import Imported, adopt, export, import_spec
    from envc.pipeline.locking import Locked, LockedVariant, LockOptions, lock, lock_all
    from envc.pipeline.registering import RegisterOptions, register
    from envc.pipeline.review import Fixed, fix, fix_source, lint, require_files
    from envc.pipeline.rewrite import (
        check_format,
        check_source,
        convert,
        format_files,
        format_source,
    )
    from envc.pipeline.running import provide_image, run, run_image
    from envc.pipeline.scaffolding import Scaffold, copy_curated, init
    from envc.pipeline.survey import Outdated, outdated
    from envc.pipeline.tracing import Traced, TracedVariant, trace
    from envc.pipeline.vendoring import Vendored, VendorOptions, vendor
    from envc.pipeline.verifying import verify

__all__ = [
    "COMPRESSIONS",
    "PULLS",
    "Agreed",
    "AttestOptions",
    "Attested",
    "BuildOptions",
    "Checked",
    "CheckedFile",
    "Compiled",
    "Compression",
    "DiffOptions",
    "Differed",
    "Fixed",
    "Identity",
    "ImageDifference",
    "Imported",
    "LockOptions",
    "Locked",
    "LockedVariant",
    "Machine",
    "Outdated",
    "Pull",
    "RegisterOptions",
    "Scaffold",
    "Terms",
    "Traced",
    "TracedVariant",
    "VariantIdentity",
    "VendorOptions",
    "Vendored",
    "adopt",
    "attest",
    "bake",
    "build",
    "check_compiled",
    "check_file",
    "check_format",
    "check_lock",
    "check_source",
    "compile",
    "convert",
    "copy_curated",
    "diff",
    "examine",
    "export",
    "fix",
    "fix_source",
    "format_files",
    "format_source",
    "identify",
    "import_spec",
    "init",
    "lint",
    "list_attestations",
    "lock",
    "lock_all",
    "lock_path",
    "outdated",
    "provide_image",
    "read",
    "register",
    "require_files",
    "run",
    "run_image",
    "spec_id",
    "trace",
    "variant_spec_ids",
    "vendor",
    "verify",
    "write_bake",
    "write_depfile",
]

_ELSEWHERE = {
    "envc.build.terms": "COMPRESSIONS Compression PULLS Pull Terms",
    "envc.doctor": "examine",
    "envc.pipeline.attesting": "Attested AttestOptions attest list_attestations",
    "envc.pipeline.baking": "bake write_bake",
    "envc.pipeline.building": "BuildOptions build",
    "envc.pipeline.comparison": "Agreed check_lock",
    "envc.pipeline.compiling": "Compiled check_compiled compile write_depfile",
    "envc.pipeline.differing": "Differed DiffOptions ImageDifference diff",
    "envc.pipeline.hashing": "Identity VariantIdentity identify spec_id variant_spec_ids",
    "envc.pipeline.interchange": "Imported adopt export import_spec",
    "envc.pipeline.locking": "Locked LockedVariant LockOptions lock lock_all",
    "envc.pipeline.registering": "RegisterOptions register",
    "envc.pipeline.review": "Fixed fix fix_source lint require_files",
    "envc.pipeline.rewrite": "check_format check_source convert format_files format_source",
    "envc.pipeline.running": "provide_image run run_image",
    "envc.pipeline.scaffolding": "Scaffold copy_curated init",
    "envc.pipeline.survey": "Outdated outdated",
    "envc.pipeline.tracing": "Traced TracedVariant trace",
    "envc.pipeline.vendoring": "Vendored VendorOptions vendor",
    "envc.pipeline.verifying": "verify",
}
"""Where the names are defined that are imported when they are first asked for."""


if not TYPE_CHECKING:  # to type checkers, every name would be there

    def __getattr__(name: str) -> Any:
        """Return what another module defines (PEP 562): no verb pays for what only others need.

        Raises:
            AttributeError: Nobody defines it.
        """
        for module, names in _ELSEWHERE.items():
            if name in names.split():
                return getattr(import_module(module), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
