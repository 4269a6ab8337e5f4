"""A Git revision of a file: its folder is written out as a checkout would have it, into another place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from envc.diagnostics import Diagnostic, suggest
from envc.errors import InputError, ToolError, UsageError
from envc.frozen import frozen
from envc.mark import temporary_folder
from envc.process import ProgramMissingError, run

__all__ = ["Exported", "Repository"]

_SUBMODULE = "160000"
_NO_REPOSITORY = "not a git repository"


@frozen
class Exported:
    """A file of a revision, with all that lies in its folder and below.

    Attributes:
        path: Where it lies now.
        folder: Where its folder lies now.
        name: What its folder is called: `main:envs`; of the repository's own folder, `main:`.
        submodules: Those in the folder, whose files a revision does not have.
    """

    path: Path
    folder: Path
    name: str
    submodules: tuple[str, ...]

    def rename(self, text: str) -> str:
        """Return a text in which files are called as in the revision, not as where they lie now."""
        above = self.name if self.name.endswith(":") else f"{self.name}/"
        return text.replace(f"{self.folder.as_posix()}/", above)


@frozen
class Repository:
    """A Git repository with a work tree.

    Attributes:
        root: The folder of the work tree.
        environment: Environment variables for Git.
    """

    root: Path
    environment: Mapping[str, str]

    @staticmethod
    def around(folder: Path, environment: Mapping[str, str]) -> Repository:
        """Return the repository that a folder belongs to; the folder itself may be gone by now.

        Raises:
            UsageError: It belongs to none (E721).
            ToolError: There is no Git (E720).
        """
        there = next(one for one in (folder, *folder.absolute().parents) if one.is_dir())
        repository = Repository(root=there, environment=environment)
        code, out, err = repository._run(("rev-parse", "--show-toplevel"), {}, "")
        if code != 0:
            message = f"`{folder}` belongs to no Git repository, so that it has no revisions"
            hint = "name two files, or work in a clone of the repository"
            notes = () if _NO_REPOSITORY in err else (err.strip(),)
            raise UsageError([Diagnostic(code="E721", message=message, notes=notes, hint=hint)])
        return Repository(root=Path(out.rstrip("\n")), environment=environment)

    def has(self, revision: str) -> bool:
        """Say whether a text names a commit.

        Raises:
            ToolError: There is no Git (E720).
        """
        return self._commit(revision) is not None

    def merge_base(self, old: str, new: str) -> str:
        """Return the commit that two revisions have in common, which `OLD...NEW` starts from.

        Raises:
            UsageError: One is no revision, or they have none in common (E722).
        """
        commits = [self._require(revision) for revision in (old, new)]
        found = self._ask("merge-base", *commits)
        if found is None:
            message = f"`{old}` and `{new}` have no commit in common"
            hint = f"compare them as they are, as in `{old}..{new}`"
            raise UsageError([Diagnostic(code="E722", message=message, hint=hint)])
        return found.strip()

    def relative(self, path: Path) -> str:
        """Return what a path of the work tree is called in a revision.

        Raises:
            UsageError: It lies elsewhere (E721).
        """
        try:
            return path.absolute().resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError as error:
            message = f"`{path}` lies outside of the Git repository that is meant"
            hint = "name a file in it"
            raise UsageError([Diagnostic(code="E721", message=message, hint=hint)]) from error

    @contextlib.contextmanager
    def export(self, revision: str, path: str) -> Iterator[Exported]:
        """Give a file of a revision, with its folder, in a temporary place that goes away again.

        The files are those of a checkout: line ends and filters are those of `.gitattributes`.

        Args:
            path: As revisions call it, with `/`.

        Raises:
            UsageError: There is no such revision (E722).
            InputError: The revision does not have the file (E723).
            ToolError: Git fails (E720).
        """
        commit = self._require(revision)
        if self._ask("cat-file", "-e", f"{commit}:{path}") is None:
            raise InputError([self._explain_path(revision, commit, path)])
        above = Path(path).parent.as_posix()
        with temporary_folder("revision") as place:
            work = Path(place, "work")
            index = {"GIT_INDEX_FILE": str(Path(place, "index"))}
            self._do("read-tree", commit, more=index)
            # Without `-z` both sides quote what is not plain, so that any name survives.
            listed = self._do("ls-files", "--stage", "--", above, more=index).splitlines()
            entries = [line.split("\t", 1) for line in listed]
            names = [name for facts, name in entries if not facts.startswith(_SUBMODULE)]
            self._do(
                "checkout-index",
                f"--prefix={work.as_posix()}/",
                "--stdin",
                more=index,
                stdin="".join(f"{name}\n" for name in names),
            )
            folder = work if above == "." else work / above
            yield Exported(
                path=work / path,
                folder=folder,
                name=f"{revision}:" if above == "." else f"{revision}:{above}",
                submodules=tuple(name for facts, name in entries if facts.startswith(_SUBMODULE)),
            )

    def _require(self, revision: str) -> str:
        commit = self._commit(revision)
        if commit is not None:
            return commit
        known = (self._ask("for-each-ref", "--format=%(refname:short)") or "").split()
        meant = suggest(revision, known)
        hint = f"did you mean `{meant}`?" if meant else "`git log --oneline --all` lists commits"
        message = f"the Git repository has no revision `{revision}`"
        raise UsageError([Diagnostic(code="E722", message=message, hint=hint)])

    def _commit(self, revision: str) -> str | None:
        asked = f"{revision}^{{commit}}"
        found = self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", asked)
        return found.strip() if found is not None and revision else None

    def _explain_path(self, revision: str, commit: str, path: str) -> Diagnostic:
        listed = self._ask("ls-tree", "-r", "--name-only", "--full-tree", commit) or ""
        name = Path(path).name
        same = [one for one in listed.splitlines() if Path(one).name == name]
        meant = same[0] if same else suggest(path, listed.splitlines())
        hint = "paths of revisions start at the repository's own folder"
        return Diagnostic(
            code="E723",
            message=f"the revision `{revision}` has no file `{path}`",
            hint=f"did you mean `{revision}:{meant}`?" if meant else hint,
        )

    def _ask(self, *words: str) -> str | None:
        """Return what Git says; None where its answer is no."""
        done = self._run(words, {}, "")
        return done[1] if done[0] == 0 else None

    def _do(self, *words: str, more: Mapping[str, str], stdin: str = "") -> str:
        code, out, err = self._run(words, more, stdin)
        if code != 0:
            message = f"`git {words[0]}` failed"
            notes = (err.strip(),) if err.strip() else ()
            hint = "mend what Git says; `git fsck` checks the repository"
            raise ToolError([Diagnostic(code="E720", message=message, notes=notes, hint=hint)])
        return out

    def _run(
        self, words: tuple[str, ...], more: Mapping[str, str], stdin: str
    ) -> tuple[int, str, str]:
        command = ["git", "-c", "core.quotePath=true", *words]
        environment = {**self.environment, "GIT_LITERAL_PATHSPECS": "1", "LC_ALL": "C", **more}
        try:
            done = run(command, environment=environment, folder=self.root, stdin=stdin)
        except ProgramMissingError as error:
            message = "there is no `git`, which revisions are read with"
            hint = "install Git, or compare files"
            raise ToolError([Diagnostic(code="E720", message=message, hint=hint)]) from error
        return done.returncode, done.stdout, done.stderr
