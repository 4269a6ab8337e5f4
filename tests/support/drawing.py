"""Specs as data, drawn at random: right by their shape, whatever their values mean."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

__all__ = ["specs", "texts"]

texts = st.text(
    alphabet=st.one_of(
        st.sampled_from("ab\"'\\ \n\t#{}[],$=:-é東😀"),
        st.characters(exclude_categories=["Cs", "Cc"]),
    ),
    max_size=12,
) | st.sampled_from(
    [
        "${{ a }}",
        "v${{a.b}}-${{ c }}",
        "$${{ a }}",
        "${{",
        "${{ a }",
        "${{ a b }} {",
        "x ${{ a }} y",
    ]
)
names = st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True)
conda_entries = st.builds(
    "{}{}".format,
    names | st.sampled_from(["wheel", "index", "run", "import", "7zip", "conda-forge::x"]),
    st.sampled_from(
        [
            "",
            " >=1.26,<2",
            " >= 1.26, <2",
            "=1.2=py_0",
            " 1.26,1.27|2",
            "[build='cuda*', version='>=2']",
            " ${{ v }}",
            " 2.*${{ v }}",
        ]
    ),
)
pip_entries = st.builds(
    "{}{}".format,
    names | st.sampled_from(["wheel", "index", "requests[socks,use-chardet]"]),
    st.sampled_from(
        [
            "",
            " >=1.26,<2",
            ' >=2 ; python_version < "3.11"',
            " (>=1, <2)",
            "==2.7.*",
            " @ https://example.com/a,b/x.whl#sha256=00",
        ]
    ),
)
platforms = st.sampled_from(["linux/amd64", "linux/arm64"])
platform_texts = platforms | st.sampled_from(["linux/${{ arch }}", "${{ a }}", "a b", "linux"])
debian_entries = st.builds("{}{}".format, names, st.sampled_from(["", "=1:2.39.2-1.1"]))


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def selected(name: str, items: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Return items, some of them for one platform only."""
    return items | st.fixed_dictionaries({name: items, "on": platform_texts})


def listed(items: st.SearchStrategy[Any], *, most: int = 2) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, min_size=1, max_size=most)


def fields(**required: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required)


channels = st.fixed_dictionaries({"channel": texts, "secret": names})
indexes = st.fixed_dictionaries({"url": texts}, optional={"secret": names})
pages = st.fixed_dictionaries({"url": texts}, optional={"secret": names}) | fields(path=texts)
flags = st.sampled_from(["true", "${{ flag }}"])
copies = st.fixed_dictionaries(
    {"from": texts, "to": texts},
    optional={"owner": texts, "mode": texts, "ignore": st.lists(texts, max_size=2)},
)
runs = texts | fields(command=texts, network=flags)
steps = st.fixed_dictionaries({"copy": copies}, optional={"on": platform_texts}) | (
    st.fixed_dictionaries({"run": runs}, optional={"on": platform_texts})
)
variables = st.dictionaries(
    names, texts | st.dictionaries(platforms, texts, min_size=1, max_size=2), max_size=3
)


def blocks(
    entries: st.SearchStrategy[str], others: st.SearchStrategy[dict[str, Any]]
) -> st.SearchStrategy[Any]:
    """Return packages as a list, or in a mapping with what else the block has."""
    packages = selected("package", entries)
    return st.lists(packages, max_size=3) | st.builds(
        lambda rest, more: {**rest, **more},
        others.filter(bool),
        optional(packages=listed(packages, most=3)),
    )


condas = blocks(conda_entries, optional(constraints=listed(texts)))
systems = blocks(debian_entries, optional(snapshot=texts))
pips = blocks(
    pip_entries,
    optional(
        **{
            "indexes": listed(indexes),
            "find-links": listed(pages, most=3),
            "wheels": listed(selected("wheel", texts)),
            "sources": listed(selected("source", texts)),
            "sdists": listed(texts),
            "constraints": listed(texts),
            "overrides": listed(texts),
        }
    ),
)
mounts = st.fixed_dictionaries({"from": texts, "to": texts}, optional={"read-only": flags})
bases = optional(image=texts, registry=texts, dockerfile=texts, context=texts, target=texts)
specs = optional(
    environment=texts,
    extends=texts,
    include=listed(texts, most=3),
    params=st.dictionaries(names, texts | st.just({"required": "true"}), min_size=1, max_size=3),
    base=bases,
    platforms=st.lists(texts, min_size=1, max_size=3),
    python=st.sampled_from(["3.10", "3.12", ">=3.11, <3.13"])
    | fields(managed=st.sampled_from(["no", "${{ a }}"])),
    interpreter=texts,
    cuda=texts,
    channels=st.lists(texts | channels, min_size=1, max_size=3),
    conda=condas,
    pip=pips,
    system=systems,
    variables=variables,
    matrix=st.dictionaries(names, st.dictionaries(names, texts, max_size=2), max_size=3),
    steps=st.lists(steps, min_size=1, max_size=3),
    user=texts,
    workdir=texts,
    entrypoint=st.lists(texts, max_size=3),
    command=st.lists(texts, max_size=3),
    check=optional(
        **{
            "import": st.lists(texts, min_size=1, max_size=3),
            "run": listed(texts | fields(command=texts, prints=texts), most=3),
            "timeout": texts,
            "allow-missing": st.lists(texts, min_size=1, max_size=3),
        }
    ),
    labels=st.dictionaries(names, texts, max_size=3),
    ports=st.lists(texts, min_size=1, max_size=3),
    volumes=st.lists(texts, min_size=1, max_size=3),
    healthcheck=texts
    | optional(run=texts | st.lists(texts, max_size=3), interval=texts, retries=texts),
    stopsignal=texts,
    layers=texts,
    runtime=optional(
        shm=texts, gpus=texts, arguments=st.lists(texts, max_size=2), mounts=listed(mounts)
    ),
    serve=optional(entry=texts, model=texts, port=texts, workers=texts),
    train=optional(script=texts, arguments=st.lists(texts, max_size=2), source=texts),
    **{
        "before-packages": st.lists(steps, max_size=3),
        "build-variables": variables,
        "channel-priority": texts,
        "exclude-newer": texts,
        "distributions": st.dictionaries(names, texts, max_size=3),
        "virtual-packages": st.dictionaries(names, texts, max_size=3),
    },
)
