"""What uv was asked last time is asked ahead, in case it is asked once more.

Until a lock knows its question, more time passes than uv needs for a small set of packages. Who
locks the same spec anew asks the same as before, most likely: uv starts with that at once, and its
answer counts where the question turns out to be that one, to the last byte. Else it is ended.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from envc.files import write_if_changed
from envc.mark import temporary_folder
from envc.process import Completed, EndingError, ProgramMissingError, Started
from envc.resolve.pip.uv_question import Question, own_environment

__all__ = ["Ahead"]

_MOST = 4
"""How many questions are asked at once: there is one for each platform, as a rule."""
_KEPT = 64
"""Of how many specs questions are kept; the oldest go first."""
_FILE = re.compile(r"(?!\.)[^/\0]+(/(?!\.)[^/\0]+)?")
"""The path of a question's file: below its folder, wherever the text comes from that says so."""


class Ahead:
    """Asks ahead, and hands on what it was right about; a context manager that ends all else.

    Safe to use from several threads.

    Args:
        place: The file that keeps the questions; None asks nothing ahead, and keeps nothing.
        folder: What the paths of `keep` are relative to.
    """

    def __init__(self, place: Path | None = None, folder: Path = Path()) -> None:
        self._place = place
        self._folder = folder
        self._guard = threading.Lock()
        self._asked: list[Question] = []
        self._running: list[_Running] = []
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Ahead:
        """Begin; nothing is asked yet."""
        return self

    def __exit__(self, *about: object) -> None:
        """End what nobody wanted."""
        self.drop()
        self._stack.close()

    def begin(self, command: str, environment: Mapping[str, str], *, retries: int) -> None:
        """Ask what was asked last time; where that is not known or cannot be, nothing happens.

        Args:
            command: uv's program.
            environment: The caller's variables.
            retries: How often uv tries again.
        """
        own = own_environment(environment, retries=retries)
        with contextlib.suppress(OSError, ValueError, ProgramMissingError, EndingError):
            for arguments, files in self._recall():
                question = Question(command=(command, *arguments), files=files, environment=own)
                name = self._stack.enter_context(temporary_folder("uv"))
                self._running.append(_Running(question, question.start(Path(name))))

    def ask(self, question: Question, meanwhile: Callable[[], None] = lambda: None) -> Completed:
        """Return the answer to a question, which may be there already.

        Args:
            meanwhile: What there is to do while uv runs; not called where it has ended.

        Raises:
            EndingError: All programs are being ended.
            ProgramMissingError: There is no uv.
        """
        with self._guard:
            self._asked.append(question)
            found = next((one for one in self._running if one.question == question), None)
            if found is not None:
                self._running.remove(found)
        if found is None:
            return question.ask(meanwhile)
        try:
            if found.is_running:
                meanwhile()
            return found.wait()
        except BaseException:
            found.end()
            raise

    def drop(self) -> None:
        """End what was asked ahead and not wanted so far."""
        with self._guard:
            unwanted, self._running = self._running, []
        for one in unwanted:
            one.end()

    def keep(self, texts: Mapping[str, str]) -> None:
        """Keep what was asked, for next time; a cache that cannot be written costs time, nothing else.

        Args:
            texts: What else the questions depend on, by path: with another text, they do not count.
        """
        if self._place is None:
            return
        questions = [
            [one.command[1:], {name: _pack(content) for name, content in one.files.items()}]
            for one in self._asked
            if one.is_lasting
        ]
        digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
        kept = {"texts": digests, "questions": questions[:_MOST]}
        with contextlib.suppress(OSError, UnicodeError):
            if write_if_changed(self._place, json.dumps(kept).encode(), is_durable=False):
                _prune(self._place.parent)

    def _recall(self) -> Iterator[tuple[tuple[str, ...], dict[str, bytes]]]:
        """Yield arguments and files of the questions that were kept."""
        if self._place is None:
            return
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            kept = json.loads(self._place.read_bytes())
            if all(self._is_same(path, sha256) for path, sha256 in kept["texts"].items()):
                for arguments, files in kept["questions"]:
                    unpacked = {name: base64.b64decode(one) for name, one in files.items()}
                    if _is_whole(arguments, unpacked):
                        yield tuple(arguments), unpacked

    def _is_same(self, path: str, sha256: str) -> bool:
        text = (self._folder / path).read_bytes().decode("utf-8-sig")
        return hashlib.sha256(text.encode()).hexdigest() == sha256


class _Running:
    """A question that was asked ahead; a thread reads the answer, since a full pipe would stop uv."""

    def __init__(self, question: Question, started: Started) -> None:
        self.question = question
        self._started = started
        self._answer: Completed | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._finish, daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def wait(self) -> Completed:
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._answer is not None  # noqa: S101  # no error, so there is one
        return self._answer

    def end(self) -> None:
        self._started.stop()
        self._thread.join()

    def _finish(self) -> None:
        try:
            self._answer = self._started.finish("")
        except BaseException as error:  # whoever waits is told
            self._error = error


def _is_whole(arguments: Sequence[str], files: Mapping[str, bytes]) -> bool:
    """Say whether a question that was kept can be asked: a cache may be damaged."""
    are_texts = all(isinstance(one, str) and "\0" not in one for one in arguments)
    return are_texts and all(_FILE.fullmatch(name) for name in files)


def _pack(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _prune(folder: Path) -> None:
    kept = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for file in kept[_KEPT:]:
        file.unlink(missing_ok=True)
