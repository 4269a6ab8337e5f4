"""Byte-compiles what of a layer is not yet: for the Python that runs this, whichever it is, from 2.7 on."""

import os
import py_compile
import sys

try:
    from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
except ImportError:  # Python before 3.7
    source_hash = None
    try:
        from importlib.util import cache_from_source
    except ImportError:  # Python 2

        def cache_from_source(path):
            return path + "c"


COMPILED_BY_ONE = 50  # files


def main(source, target):
    """Byte-compile the files below a folder, as if they lay below `/`, into the same places below another.

    What a process has compiled before shows in the bytes. So each of a fixed number of files has a
    process of its own, a copy of this one as it is now: however many run at once, the bytes are the same.
    """
    paths = list_sources(source)
    make_folder(target)
    for path in paths:
        make_folder(os.path.dirname(cache_from_source(os.path.join(target, path))))
    at_once = count_processors()
    running = 0
    for first in range(0, len(paths), COMPILED_BY_ONE):
        if running == at_once:
            check_end()
            running -= 1
        if os.fork() == 0:
            for path in paths[first : first + COMPILED_BY_ONE]:
                compile_file(source, target, path)
            os._exit(0)
        running += 1
    for _ in range(running):
        check_end()


def list_sources(folder):
    """Return the paths below a folder of the sources without byte code that stays valid, sorted."""
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if name.endswith(".py") and os.path.isfile(path) and not is_compiled(path):
                found.append(os.path.relpath(path, folder))
    return sorted(found)


def make_folder(path):
    if not os.path.isdir(path):
        os.makedirs(path)


def is_compiled(path):
    code = cache_from_source(path)
    if source_hash is None or not os.path.isfile(code):
        return False
    with open(code, "rb") as file:
        head = file.read(16)
    with open(path, "rb") as file:
        return head == MAGIC_NUMBER + b"\1\0\0\0" + source_hash(file.read())


def compile_file(source, target, path):
    """Write the byte code of a file; what does not compile stays source: packages bring files for others.

    It is unchecked where Python knows that (PEP 552). Where not, it has the time of the source, which is
    the image's already.
    """
    code = cache_from_source(os.path.join(target, path))
    options = {}
    if source_hash is not None:
        options["invalidation_mode"] = py_compile.PycInvalidationMode.UNCHECKED_HASH
    try:
        py_compile.compile(
            os.path.join(source, path), cfile=code, dfile="/" + path, doraise=True, **options
        )
    except (py_compile.PyCompileError, EnvironmentError):
        pass


def count_processors():
    return getattr(os, "cpu_count", lambda: 1)() or 1


def check_end():
    """Wait for a process that compiles to end, and check that it ended well."""
    _, status = os.wait()
    if status:
        sys.exit("byte-compilation was cut short")


if __name__ == "__main__":
    main(*sys.argv[1:])
