"""How a value came about that is not what its text says: filled in, or relative to another folder."""

from __future__ import annotations

from envc.frozen import frozen
from envc.source import Span

__all__ = ["Origin", "Piece", "Use"]


@frozen
class Use:
    """A parameter that was used.

    Attributes:
        name: Of the parameter.
        value: What stands in its place.
        span: Where the value was set; None where that is in no file.
    """

    name: str
    value: str
    span: Span | None = None


@frozen
class Piece:
    """The characters `start` to `end` of a text, and those that they were written as.

    Attributes:
        written_start: Where what they were written as starts.
        written_end: Where it ends.
        use: The parameter that they come from; None for text that stands for itself.
    """

    start: int
    end: int
    written_start: int
    written_end: int
    use: Use | None = None

    @property
    def is_plain(self) -> bool:
        """Whether each of its characters was written as itself."""
        return self.use is None and self.end - self.start == self.written_end - self.written_start


@frozen
class Origin:
    """Where a value comes from.

    Attributes:
        text: What its own file says, parameters filled in. Differs from the value where that is a
            path: the value is relative to the spec's folder.
        written: The same with parameters as they were written.
        pieces: All of `text`, in order; empty where nothing was filled in.
    """

    text: str
    written: str
    pieces: tuple[Piece, ...] = ()

    @property
    def uses(self) -> tuple[Use, ...]:
        """The parameters in it, in order, each once."""
        return tuple(dict.fromkeys(piece.use for piece in self.pieces if piece.use is not None))

    def trace(self, start: int, end: int) -> tuple[int, int]:
        """Return which characters of `written` the characters `start` to `end` of `text` were."""
        if not self.pieces:
            return start, end
        first = self._piece_at(start)
        last = self._piece_at(max(end - 1, start))
        return (
            first.written_start + (start - first.start if first.is_plain else 0),
            last.written_start + end - last.start if last.is_plain else last.written_end,
        )

    def _piece_at(self, place: int) -> Piece:
        within = (piece for piece in self.pieces if place < piece.end)
        return next(within, self.pieces[-1])
