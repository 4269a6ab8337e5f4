"""What came out of a comparison of images, and what there is to say of it."""

from __future__ import annotations

from collections.abc import Iterator

from envc.build.comparison.twin import ImageDifference
from envc.diagnostics import Diagnostic, Label
from envc.frozen import frozen
from envc.source import Span

__all__ = ["Verified", "explain"]

_SHOWN = 3
_MAX_COMMAND = 160


@frozen
class Verified:
    """What came out for one image.

    Attributes:
        variant: Its name; empty where the spec has no matrix.
        platform: Docker's name of it.
        env_id: The environment's.
        digests: Of the manifests of the two images: the builds in their order, or the build and the image
            that it was compared with.
        difference: In what the contents differ; None where they are equal.
        outside: What the promise of reproducible builds leaves out, a sentence each.
        problems: What is to be said of it: an error where it is not as promised.
    """

    variant: str
    platform: str
    env_id: str
    digests: tuple[str, str]
    difference: ImageDifference | None
    outside: tuple[str, ...]
    problems: tuple[Diagnostic, ...]

    @property
    def has_same_manifest(self) -> bool:
        """Whether the manifests are equal, and with them everything."""
        return self.digests[0] == self.digests[1]


def explain(verified: Verified, origin: Span | None, other: str | None) -> Diagnostic | None:
    """Return what there is to say; None where all is equal.

    Args:
        origin: The place in the spec that the difference is from, where it is known.
        other: What the build was compared with; None is a second build.
    """
    if verified.has_same_manifest:
        return None
    labels = (Label(span=origin),) if origin is not None else ()
    subject = f"the image for `{verified.platform}`"
    if verified.difference is not None:
        message = f"the image for `{verified.platform}` is not the same in two builds"
        if other is not None:
            message = f"the image for `{verified.platform}` and `{other}` differ"
        return Diagnostic(
            code="E660",
            message=message,
            labels=labels,
            notes=(*_tell(verified.difference), *verified.outside),
            hint=_advise(verified, origin, other),
        )
    digests = "manifests {} and {}".format(*verified.digests)
    if other is None:
        return Diagnostic(
            code="E661",
            message=f"{subject} has the same content in two builds, and not the same manifest",
            notes=(digests,),
            hint="build with one builder, whose compression stays the same; if it was one, please "
            "report this",
        )
    return Diagnostic(
        code="W661",
        message=f"{subject} has the same content as `{other}`, and another manifest",
        notes=(digests,),
        hint="it was made by another version of BuildKit, or with another `--compression`: layers and "
        "configuration are the same",
    )


def _tell(difference: ImageDifference) -> Iterator[str]:
    if difference.layer is None:
        one, other = difference.values
        yield f"`{difference.setting}` is {one} in the first and {other} in the second"
        return
    yield f"layer {difference.layer + 1} is the first that differs: {_shorten(difference.command)}"
    names = ("first", "second")
    for own, name in zip(difference.diff_ids, names, strict=True):
        if own is None:
            yield f"the {name} has no such layer"
    files = difference.files
    if files is None:
        if None not in difference.diff_ids:
            yield "it cannot be looked into: it is compressed neither by gzip nor by zstd"
    elif files.first is None:
        yield "it has the same files, in another order or another form of archive"
    else:
        owner = f" of `{files.first.owner}`" if files.first.owner else ""
        yield f"`/{files.first.path}`{owner} {files.first.text}"
        others = [path for path in files.paths if path != files.first.path]
        if others:
            shown = ", ".join(f"`/{path}`" for path in others[:_SHOWN])
            more = " and more" if len(others) > _SHOWN else ""
            noun = "path differs" if len(others) == 1 else "paths differ"
            yield f"{len(others)} more {noun} in this layer: {shown}{more}"


def _shorten(command: str) -> str:
    text = " ".join(command.removesuffix("# buildkit").split())
    return text if len(text) <= _MAX_COMMAND else f"{text[: _MAX_COMMAND - 1]}…"


def _advise(verified: Verified, origin: Span | None, other: str | None) -> str:
    if verified.outside:
        return (
            "what the notes say of the network, of sources or of Debian packages is outside of the "
            "promise: let steps fetch only what is pinned"
        )
    if origin is not None:
        return "let the step write no time, no random number and no name of a machine"
    if other is not None:
        return f"look at what made `{other}`: a spec or a lock that differs has another env id"
    return "no step of yours made this layer: please report it, with what `--json` prints"
