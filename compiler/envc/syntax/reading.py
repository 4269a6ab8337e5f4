"""What every reader of statements needs: their parts, their text, and what was expected instead."""

from __future__ import annotations

from envc.frozen import frozen
from envc.source import Span
from envc.syntax import strings
from envc.syntax.builder import Builder
from envc.syntax.document import Data, Path
from envc.syntax.excerpt import excerpt
from envc.syntax.shape import Array, Block, Item, Line, String, Word

__all__ = ["Call", "Reading"]


@frozen
class Call:
    """A statement taken apart.

    Attributes:
        keyword: The word that it starts with.
        key: Where that stands.
        items: What follows on its line.
        block: The block at the end of its line.
        more: The lines that follow after commas.
        end: Where all of it ends.
        example: How such a statement is written; empty where its keyword means nothing.
    """

    keyword: str
    key: Span
    items: tuple[Item, ...]
    block: Block | None
    more: tuple[Line, ...]
    end: int
    example: str


class Reading:
    """Access to a text by its parts; every failed look reports itself and gives None."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.source = builder.source

    def span(self, part: Item | Line | Block) -> Span:
        """Return where a part stands."""
        return self.source.span(part.start, part.end)

    def text(self, part: Item | Line) -> str:
        """Return a part as it is written."""
        return self.source.text[part.start : part.end]

    def has_comma(self, above: Line, below: Line) -> bool:
        """Return whether a comma stands between two lines, and not only a line end."""
        return self.source.text[above.end : below.start].lstrip().startswith(",")

    def report(self, span: Span, message: str, hint: str) -> None:
        """Keep E101 at a place."""
        self.builder.report(span, "E101", message, hint=hint)

    def expect(self, wanted: str, call: Call, place: Span | None = None) -> None:
        """Report that a call lacks something after its keyword, or has something else at a place."""
        found = f", not `{excerpt(place.text)}`" if place is not None else ""
        span = place or self.source.span(call.key.end, call.key.end)
        self.report(span, f"expected {wanted} after `{call.keyword}`{found}", _write(call))

    def one_item(self, call: Call) -> Item | None:
        """Return the only item of a call, or report what is missing or too much."""
        line = Line(start=call.key.end, end=call.key.end, items=call.items, block=call.block)
        item = self.sole_item(line, call)
        if item is not None and call.more:
            message = f"expected one value after `{call.keyword}`, not several"
            self.report(self.span(call.more[0]), message, _write(call))
            return None
        return item

    def sole_item(self, line: Line, call: Call, *, is_listed: bool = False) -> Item | None:
        """Return the only item of one of a call's lines, or report what is missing or too much.

        Where the line is one of several that commas separate, a second word lacks its comma.
        """
        extra = line.items[1] if len(line.items) > 1 else line.block
        if not line.items:
            place = self.span(line.block) if line.block else None
            self.expect("a word or a string", call, place)
        elif self.text(line.items[0]) == "=":
            message = f"`{call.keyword}` takes no `=`"
            self.report(self.span(line.items[0]), message, _write(call))
        elif is_listed and isinstance(extra, Word):
            words = ", ".join(self.text(item) for item in line.items)
            message = f"expected a comma after `{excerpt(self.text(line.items[0]))}`"
            self.report(self.span(extra), message, f"write `{excerpt(words)}`")
        elif extra is not None:
            self.refuse(extra, line.items[0])
        else:
            return line.items[0]
        return None

    def refuse(self, extra: Item | Block, after: Item) -> None:
        """Report that a line should have ended."""
        message = (
            f"expected the end of the line after `{excerpt(self.text(after))}`, "
            f"not `{excerpt(self.span(extra).text)}`"
        )
        hint = "put text that has spaces into quotes, or start a new line"
        if isinstance(extra, Block):
            hint = "no block belongs here; put text that has `{` into quotes"
        self.report(self.span(extra), message, hint)

    def only_block(self, call: Call) -> Block | None:
        """Return the block of a call that has nothing else, or report what is missing or too much."""
        if call.items:
            self.expect("a block", call, self.span(call.items[0]))
        elif call.block is None:
            self.expect("a block", call)
        elif call.more:
            message = f"expected the end of the line after the block of `{call.keyword}`"
            self.report(self.span(call.more[0]), message, "start a new line")
        else:
            return call.block
        return None

    def scalar(self, item: Item, call: Call) -> str | None:
        """Return what a word or a string means, or report that it is neither."""
        if isinstance(item, Array):
            self.expect("a word or a string", call, self.span(item))
            return None
        return self.value(item)

    def value(self, item: Word | String) -> str | None:
        """Return what a word or a string means, or report what is wrong in it (E105, E106)."""
        span = self.span(item)
        if isinstance(item, Word):
            self.builder.check_plain(span)
            return span.text
        value, errors = strings.decode(span.text)
        for error in errors:
            place = span.within(error.start, error.end)
            self.builder.report(
                place,
                "E105",
                f"`{excerpt(place.text)}` means nothing in this string",
                hint="write `\\\\` for a backslash, or the text in '...', where all is as it stands",
            )
        return None if errors else value

    def put(self, path: Path, value: Data, part: Item | Line | Block, key: Span) -> bool:
        """Put a value at a path, and say whether that was free."""
        return self.builder.put(path, value, self.span(part), key=key)

    def put_scalar(self, path: Path, item: Item, call: Call) -> None:
        """Put what a word or a string means at a path."""
        value = self.scalar(item, call)
        if value is not None:
            self.put(path, value, item, call.key)

    def append_scalar(self, path: Path, item: Item, call: Call) -> None:
        """Add what a word or a string means to the list at a path."""
        value = self.scalar(item, call)
        if value is not None:
            self.builder.append(path, value, self.span(item))


def _write(call: Call) -> str:
    return f"write it as `{call.example}`" if call.example else ""
