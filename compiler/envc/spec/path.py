"""What a path in a spec may be: of files beside the spec, and of places in the image and on the host."""

from __future__ import annotations

import posixpath
import re

from envc.spec.field import FieldError, line, script

__all__ = [
    "VOLUME",
    "absolute_path",
    "dockerfile",
    "interpreter",
    "is_dockerfile_text",
    "is_volume",
    "mount_source",
    "mount_target",
    "relative_path",
    "script_path",
    "target_path",
    "wheel_path",
    "workdir",
]

# The engine mounts the first three, the build the others.
_FLEETING = ("/dev", "/proc", "/sys", "/mnt/envc", "/mnt/files")
# https://pkg.go.dev/github.com/docker/docker/volume/names, of two characters at least.
VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]+")


def workdir(text: str) -> str:
    """Refuse a path that is not absolute."""
    return _lasting_path(absolute_path(text))


def interpreter(text: str) -> str:
    """Refuse what is not the absolute path of a program in the base."""
    if absolute_path(text).endswith("/"):
        raise FieldError(
            "E218", f"`{text}` is a folder", hint=f"name the program in it: `{text}python`"
        )
    return _lasting_path(text)


def absolute_path(text: str) -> str:
    """Refuse a path that is not absolute."""
    if not line(text).startswith("/"):
        raise FieldError(
            "E218",
            f"`{text}` is not an absolute path",
            hint=f"write `/{text.removeprefix('./').lstrip('~/')}`",
        )
    return text


def target_path(text: str) -> str:
    """Refuse what only a shell would understand as a path in the image, and what never gets there."""
    if line(text).startswith("~"):
        raise FieldError(
            "E219",
            f"`{text}` needs a shell to know what `~` is",
            hint="write the path in full, such as `/home/pets`",
        )
    return _lasting_path(text)


def relative_path(text: str) -> str:
    """Refuse a path that is absolute or leads out of the spec's folder."""
    if line(text).startswith(("/", "~")) or re.match(r"[A-Za-z]:[\\/]", text):
        raise FieldError(
            "E219",
            f"`{text}` is not a path relative to the spec",
            hint="put the file below the spec's folder, or move the spec up",
        )
    if "\\" in text:
        raise FieldError("E219", f"`{text}` has a backslash in it", hint="separate folders by `/`")
    normal = posixpath.normpath(text)
    if normal == ".." or normal.startswith("../"):
        raise FieldError(
            "E219",
            f"`{text}` leads out of the spec's folder",
            hint="put the file below the spec's folder, or move the spec up",
        )
    return text


def script_path(text: str) -> str:
    """Refuse what is not a relative path to a Python file."""
    if not relative_path(text).endswith(".py"):
        raise FieldError(
            "E219", f"`{text}` is not a Python file", hint="write a path that ends in `.py`"
        )
    return text


def wheel_path(text: str) -> str:
    """Refuse what is not a relative path to a wheel, by the name that PEP 427 gives it."""
    if text.startswith(("http://", "https://")):
        raise FieldError(
            "E220",
            "a wheel is a file beside the spec, not an address",
            hint="write a package instead: its name, ` @ ` and the address",
        )
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    name = posixpath.basename(relative_path(text))
    if not name.endswith(".whl"):
        raise FieldError(
            "E220", f"`{text}` is not a wheel", hint="write a path that ends in `.whl`"
        )
    try:
        parse_wheel_filename(name)
    except InvalidWheelFilename as error:
        raise FieldError(
            "E220",
            f"`{name}` is not the name of a wheel",
            hint="keep the name that the build gave it: NAME-VERSION-PYTHON-ABI-PLATFORM.whl",
        ) from error
    return text


def is_dockerfile_text(text: str) -> bool:
    """Say whether a base's Dockerfile is given by its text, not by its path."""
    return "\n" in text


def dockerfile(text: str) -> str:
    """Refuse what is neither a Dockerfile's text nor a relative path to one."""
    if is_dockerfile_text(text):
        return script(text)
    if instruction := re.match(r"\s*(?i:FROM)\s+(\S+)", text):
        raise FieldError(
            "E219",
            f"`{text}` is one line of a Dockerfile, not a path",
            hint=f"name the image instead: `{instruction[1]}` as `image`; a text has line ends",
        )
    return relative_path(text)


def is_volume(text: str) -> bool:
    """Say whether the source of a mount is a volume of the engine, by its name: a word without `/`."""
    return VOLUME.fullmatch(text) is not None


def mount_source(text: str) -> str:
    """Refuse what is neither a path of the host nor the name of a volume."""
    if line(text).startswith("/") or is_volume(text):
        return text
    if text.startswith("~"):
        raise FieldError(
            "E268",
            f"`{text}` needs a shell to know what `~` is",
            hint="write an absolute path, a path relative to the spec, or the name of a volume",
        )
    if "/" not in text and text not in {".", ".."}:
        raise FieldError(
            "E268",
            f"`{text}` is not the name of a volume",
            hint=f"write `./{text}` for a folder beside the spec; a volume's name has letters, "
            "digits, `_`, `.` and `-`",
        )
    return relative_path(text)


def mount_target(text: str) -> str:
    """Refuse what is not the absolute path of a folder or file in the container."""
    if not line(text).startswith("/"):
        better = text.removeprefix("./").lstrip("~/")
        raise FieldError(
            "E268", f"`{text}` is not an absolute path", hint=f"write `/{better or 'data'}`"
        )
    if not posixpath.normpath(text).strip("/"):
        raise FieldError(
            "E268",
            "nothing can be mounted over the whole container",
            hint="name a folder, such as `/data`",
        )
    return text


def _lasting_path(text: str) -> str:
    """Refuse a path below a folder that is the engine's or the build's own, and in no image."""
    path = posixpath.normpath(text)
    for folder in _FLEETING:
        if path == folder or path.startswith(f"{folder}/"):
            raise FieldError(
                "E219",
                f"`{text}` is in no image: `{folder}` is there only while a container runs",
                hint="write a path of the image, such as `/app`",
            )
    return text
