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
).filter(lambda text: "${{" not in text)
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
debian_entries = st.builds("{}{}".format, names, st.sampled_from(["", "=1:2.39.2-1.1"]))


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


indexes = st.fixed_dictionaries({"url": texts}, optional={"secret": names})
steps = st.one_of(
    st.fixed_dictionaries({"copy": st.fixed_dictionaries({"from": texts, "to": texts})}),
    st.fixed_dictionaries({"run": texts}),
    st.fixed_dictionaries(
        {"run": st.fixed_dictionaries({"command": texts, "network": st.just("true")})}
    ),
)
sources = optional(
    indexes=st.lists(indexes, min_size=1, max_size=2),
    wheels=st.lists(texts, min_size=1, max_size=2),
).filter(bool)
pips = st.one_of(
    st.lists(pip_entries, max_size=3),
    st.tuples(sources, optional(packages=st.lists(pip_entries, min_size=1, max_size=3))).map(
        lambda parts: {**parts[0], **parts[1]}
    ),
)
specs = optional(
    environment=texts,
    base=st.fixed_dictionaries({"image": texts}),
    platforms=st.lists(texts, min_size=1, max_size=3),
    python=st.sampled_from(["3.10", "3.12", ">=3.11, <3.13"]),
    channels=st.lists(texts, min_size=1, max_size=3),
    conda=st.lists(conda_entries, max_size=4),
    pip=pips,
    system=st.lists(debian_entries, max_size=3),
    variables=st.dictionaries(names, texts, max_size=3),
    steps=st.lists(steps, min_size=1, max_size=3),
    user=texts,
    workdir=texts,
    entrypoint=st.lists(texts, max_size=3),
    command=st.lists(texts, max_size=3),
    check=optional(
        **{
            "import": st.lists(texts, min_size=1, max_size=3),
            "run": st.lists(texts, min_size=1, max_size=2),
        }
    ),
    labels=st.dictionaries(names, texts, max_size=3),
    ports=st.lists(texts, min_size=1, max_size=3),
    volumes=st.lists(texts, min_size=1, max_size=3),
    healthcheck=texts
    | optional(run=texts | st.lists(texts, max_size=3), interval=texts, retries=texts),
    stopsignal=texts,
    runtime=optional(shm=texts, gpus=texts),
    serve=optional(entry=texts, model=texts),
)
