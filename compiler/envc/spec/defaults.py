"""What a spec means where it says nothing: every value that has a default, in canonical form."""

from __future__ import annotations

import hashlib
import posixpath
from urllib.parse import urlsplit, urlunsplit

from envc.frozen import frozen
from envc.reference import ImageReference
from envc.spec.matchspec import normal_matchspec, split_matchspec
from envc.spec.metadata import duration_ms, port_key, port_text, volume_path
from envc.spec.model import EnvSpec, FindLinks, Index
from envc.spec.moment import moment_text
from envc.spec.path import is_dockerfile_text
from envc.spec.requirement import normal_name, normal_requirement
from envc.spec.solve import TEXT_FOR_NONE

__all__ = [
    "CHECK_TIMEOUT_S",
    "LAYER_BUDGET",
    "Probe",
    "base_context",
    "base_image",
    "base_text",
    "canonical_address",
    "channel_addresses",
    "channel_secrets",
    "channels",
    "check_timeout_s",
    "conda_constraints",
    "conda_requirements",
    "cuda",
    "distributions",
    "dockerfile_path",
    "exclude_newer",
    "find_links",
    "healthcheck",
    "indexes",
    "layer_budget",
    "pip_constraints",
    "pip_overrides",
    "ports",
    "sdists",
    "secrets",
    "snapshot",
    "source_paths",
    "user",
    "virtual_packages",
    "volumes",
    "wants_pip",
    "wheels",
]

_PYTHON = "3.12"
_CONDA_BASE = "debian:bookworm-slim"
# https://hub.docker.com/r/nvidia/cuda/tags: the last release of each CUDA, with no more than what
# drivers need of an image; Conda packages bring CUDA's libraries themselves.
_CUDA_BASES = {
    "11.8": "nvidia/cuda:11.8.0-base-ubuntu22.04",
    "12.0": "nvidia/cuda:12.0.1-base-ubuntu22.04",
    "12.1": "nvidia/cuda:12.1.1-base-ubuntu22.04",
    "12.2": "nvidia/cuda:12.2.2-base-ubuntu22.04",
    "12.3": "nvidia/cuda:12.3.2-base-ubuntu22.04",
    "12.4": "nvidia/cuda:12.4.1-base-ubuntu22.04",
    "12.5": "nvidia/cuda:12.5.1-base-ubuntu22.04",
    "12.6": "nvidia/cuda:12.6.3-base-ubuntu22.04",
    "12.8": "nvidia/cuda:12.8.1-base-ubuntu22.04",
    "12.9": "nvidia/cuda:12.9.1-base-ubuntu22.04",
    "13.0": "nvidia/cuda:13.0.1-base-ubuntu22.04",
}
_CHANNEL_HOST = "https://conda.anaconda.org"
_PACKAGES_HOST = "https://repo.anaconda.com"
_CHANNEL = "conda-forge"
_INDEX = "https://pypi.org/simple"
_USER = "1000:1000"
CHECK_TIMEOUT_S = 600.0
"""How long each check may take, in s."""

LAYER_BUDGET = 10
"""How many layers an environment has at most, its last and small one among them."""


def base_image(spec: EnvSpec) -> ImageReference:
    """Return the image to start from.

    Without `base`: where there are Conda packages, which bring their own Python, NVIDIA's image for
    the spec's `cuda` where it names one, else `debian:bookworm-slim`; without Conda packages
    `python:VERSION-slim-bookworm`, with Python 3.12 where the spec names none, also for `cuda`,
    because NVIDIA's images have no Python and wheels need nothing of them.

    Raises:
        ValueError: The base is built from a Dockerfile.
    """
    if spec.base is not None:
        if spec.base.image is None:
            raise ValueError("a base that is built has no image to start from")
        registry = f"{spec.base.registry}/" if spec.base.registry is not None else ""
        return ImageReference.parse(registry + spec.base.image)
    if spec.conda.packages:
        return ImageReference.parse(_CUDA_BASES.get(_series(cuda(spec)), _CONDA_BASE))
    return ImageReference.parse(f"python:{spec.python or _PYTHON}-slim-bookworm")


def dockerfile_path(spec: EnvSpec) -> str | None:
    """Return the path of the base's Dockerfile, relative to the spec; None where there is none."""
    text = spec.base.dockerfile if spec.base is not None else None
    return None if text is None or is_dockerfile_text(text) else posixpath.normpath(text)


def base_context(spec: EnvSpec) -> str | None:
    """Return the folder that the base's Dockerfile copies from, relative to the spec, with a `/` at
    its end, which no file's path has; None where there is no Dockerfile."""
    if spec.base is None or spec.base.dockerfile is None:
        return None
    own = spec.base.context
    folder = own if own is not None else posixpath.dirname(dockerfile_path(spec) or "") or "."
    return f"{folder.rstrip('/')}/"


def base_text(spec: EnvSpec) -> str:
    """Return in one line what the spec's base is: an image, or what it is built with.

    >>> from envc.spec.model import Base
    >>> base_text(EnvSpec(environment="pets", base=Base(dockerfile="./Dockerfile", target="one")))
    'dockerfile Dockerfile target one'
    """
    if spec.base is None or spec.base.dockerfile is None:
        return str(base_image(spec))
    text = spec.base.dockerfile.replace("\r\n", "\n")
    own = dockerfile_path(spec) or f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    target = f" target {spec.base.target}" if spec.base.target is not None else ""
    return f"dockerfile {own}{target}"


def channels(spec: EnvSpec) -> tuple[str, ...]:
    """Return the canonical addresses of the channels, the highest priority first."""
    names = [one if isinstance(one, str) else one.channel for one in spec.channels] or [_CHANNEL]
    return tuple(address for name in names for address in channel_addresses(name))


def channel_secrets(spec: EnvSpec) -> dict[str, str]:
    """Return the names of the channels' secrets, by their canonical addresses."""
    return {
        address: one.secret
        for one in spec.channels
        if not isinstance(one, str) and one.secret is not None
        for address in channel_addresses(one.channel)
    }


def channel_addresses(name: str) -> tuple[str, ...]:
    """Return the canonical addresses that a channel's name or address stands for.

    >>> channel_addresses("conda-forge")
    ('https://conda.anaconda.org/conda-forge',)
    >>> channel_addresses("defaults")
    ('https://repo.anaconda.com/pkgs/main', 'https://repo.anaconda.com/pkgs/r')
    """
    if "://" in name:
        return (canonical_address(name),)
    if name == "defaults":
        # https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/settings.html
        return (f"{_PACKAGES_HOST}/pkgs/main", f"{_PACKAGES_HOST}/pkgs/r")
    host = _PACKAGES_HOST if name.startswith("pkgs/") else _CHANNEL_HOST
    return (f"{host}/{name}",)


def canonical_address(url: str) -> str:
    """Return the one form of an address: scheme and host in lower case, no slash at its end.

    >>> canonical_address("HTTPS://PyPI.org/simple/")
    'https://pypi.org/simple'
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"), "", ""))


def indexes(spec: EnvSpec) -> tuple[Index, ...]:
    """Return the package indexes with canonical addresses, in the order in which they are asked."""
    if not spec.pip.indexes:
        return (Index(url=_INDEX),)
    return tuple(
        Index(url=canonical_address(index.url), secret=index.secret) for index in spec.pip.indexes
    )


def conda_requirements(spec: EnvSpec) -> tuple[str, ...]:
    """Return what to ask Conda for: the spec's packages as written, in order, then Python's own.

    The last is there where the spec names Python's version, or wants distributions from pip and
    nobody asks Conda for the Python that they need. Empty without Conda packages.
    """
    packages = spec.conda.texts
    if not packages:
        return ()
    if spec.python is not None:
        return (*packages, f"python {spec.python}.*")
    if wants_pip(spec) and not any(_is_python(package) for package in packages):
        return (*packages, "python")
    return packages


def wheels(spec: EnvSpec) -> tuple[str, ...]:
    """Return the local wheels' paths, relative to the spec, without `.` and `..`; in spec order."""
    return tuple(posixpath.normpath(path) for path in spec.pip.wheel_texts)


def source_paths(spec: EnvSpec) -> tuple[str, ...]:
    """Return the paths of source folders, as `wheels` does those of wheels."""
    return tuple(posixpath.normpath(path) for path in spec.pip.source_texts)


def wants_pip(spec: EnvSpec) -> bool:
    """Say whether anything is asked of pip."""
    return bool(spec.pip.packages or spec.pip.wheels or spec.pip.sources)


def conda_constraints(spec: EnvSpec) -> tuple[str, ...]:
    """Return the constraints on Conda packages in normal form, sorted."""
    return tuple(sorted({normal_matchspec(text) for text in spec.conda.constraints}))


def pip_constraints(spec: EnvSpec) -> tuple[str, ...]:
    """Return the constraints on distributions in normal form, sorted."""
    return tuple(sorted({normal_requirement(text) for text in spec.pip.constraints}))


def pip_overrides(spec: EnvSpec) -> tuple[str, ...]:
    """Return the requirements that overrule all others, in normal form, sorted."""
    return tuple(sorted({normal_requirement(text) for text in spec.pip.overrides}))


def sdists(spec: EnvSpec) -> tuple[str, ...]:
    """Return the normal names of the distributions that may come as their source, sorted."""
    return tuple(sorted({normal_name(name) for name in spec.pip.sdists}))


def find_links(spec: EnvSpec) -> tuple[FindLinks, ...]:
    """Return where wheels lie beside the indexes, in spec order: canonical addresses and paths.

    The path of a page's address is as it is written: a slash at its end has meaning to its server.
    """
    return tuple(
        FindLinks(url=_canonical_page(links.url), secret=links.secret)
        if links.path is None
        else FindLinks(path=posixpath.normpath(links.path))
        for links in spec.pip.find_links
    )


def secrets(spec: EnvSpec) -> dict[str, str]:
    """Return the names of the secrets of channels, indexes and pages of links, by their addresses."""
    places: list[Index | FindLinks] = [*indexes(spec), *find_links(spec)]
    return channel_secrets(spec) | {
        place.url: place.secret
        for place in places
        if place.url is not None and place.secret is not None
    }


def _canonical_page(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, parts.query, ""))


def cuda(spec: EnvSpec) -> str | None:
    """Return the version of CUDA, such as `12.4`; None where there is none."""
    return None if spec.cuda == TEXT_FOR_NONE else spec.cuda


def virtual_packages(spec: EnvSpec) -> dict[str, str]:
    """Return the versions of the virtual packages that the spec states, with `__cuda`; sorted."""
    stated = dict(spec.virtual_packages)
    if (version := cuda(spec)) is not None:
        stated["__cuda"] = version
    return dict(sorted(stated.items()))


def distributions(spec: EnvSpec) -> dict[str, str]:
    """Return what Conda packages are for pip by the spec's word, normalised; `none` for nothing. Sorted."""
    return {name: normal_name(text) for name, text in sorted(spec.distributions.items())}


def exclude_newer(spec: EnvSpec) -> str | None:
    """Return the instant, in UTC, from which on packages are too new: `2026-02-01T00:00:00Z`.

    None where any is fine. A day counts as a whole: of `2026-01-31` it is the instant above.
    """
    return moment_text(spec.exclude_newer) if spec.exclude_newer is not None else None


def snapshot(spec: EnvSpec) -> str | None:
    """Return the instant, in UTC, from which on Debian's archive is not read; None for now."""
    return moment_text(spec.system.snapshot) if spec.system.snapshot is not None else None


def user(spec: EnvSpec) -> str:
    """Return who runs in the container: `1000:1000` where the spec does not say."""
    return spec.user or _USER


def ports(spec: EnvSpec) -> tuple[str, ...]:
    """Return the ports, sorted by number, without the protocol where that is TCP."""
    return tuple(port_text(*key) for key in sorted(map(port_key, spec.ports)))


def volumes(spec: EnvSpec) -> tuple[str, ...]:
    """Return the volumes' paths, sorted, without `.` and `..`."""
    return tuple(sorted(map(volume_path, spec.volumes)))


@frozen
class Probe:
    """A health check; where there are no words, one that takes the base's away.

    Attributes:
        words: The program and its arguments.
        start_ms: 0 where failures count from the start.
        retries: From 1; 0 where there are no words, as with all times.
    """

    words: tuple[str, ...] = ()
    interval_ms: int = 0
    timeout_ms: int = 0
    start_ms: int = 0
    retries: int = 0


def healthcheck(spec: EnvSpec) -> Probe | None:
    """Return the health check, with every default filled in; None leaves the base's as it is."""
    check = spec.healthcheck
    if check is None:
        return None
    if isinstance(check, str):
        return Probe()
    words = check.run
    if isinstance(words, str):
        words = ("/bin/sh", "-ec", words.replace("\r\n", "\n"))
    return Probe(
        words=words,
        interval_ms=duration_ms(check.interval),
        timeout_ms=duration_ms(check.timeout),
        start_ms=duration_ms(check.start) if check.start is not None else 0,
        retries=int(check.retries),
    )


def _series(version: str | None) -> str:
    """Return the first two numbers of a version, such as `12.4`; nothing for none."""
    return ".".join((version or "").split(".")[:2])


def check_timeout_s(spec: EnvSpec) -> float:
    """Return how long each check may take, in s."""
    return duration_ms(spec.check.timeout) / 1000


def layer_budget(spec: EnvSpec) -> int:
    """Return how many layers the environment has at most."""
    return int(spec.layers) if spec.layers is not None else LAYER_BUDGET


def _is_python(package: str) -> bool:
    parts = split_matchspec(package)
    return parts is not None and parts.name.lower() == "python"
