"""Which instruction of a plan made which layer of an image."""

from __future__ import annotations

from envc.plan.chain import list_instructions, match_layers
from envc.plan.instruction import BuildPlan, Copy, Env, Instruction, Run, Stage, Workdir


def plan(*stages: Stage) -> BuildPlan:
    return BuildPlan(
        head=(), stages=stages, files=(), env_ids={}, spec_id="", secrets=(), epochs={}
    )


RUN, COPY = Run(words=("true",)), Copy(stage="pip", source="/layer/", to="/")
ENV, WORKDIR = Env(variables=(("A", "b"),)), Workdir(path="/app")


def test_only_stages_that_lead_to_the_last_count_each_for_its_platform() -> None:
    other = Run(words=("false",))
    stages = (
        Stage(name="base", base="debian@sha256:0"),
        Stage(name="pip", base="base", instructions=(other,)),
        Stage(name="system-amd64", base="base", instructions=(RUN,)),
        Stage(name="system-arm64", base="base", instructions=(other,)),
        Stage(name="system", base="system-${TARGETARCH}"),
        Stage(name="image", base="system", instructions=(COPY, ENV)),
    )

    assert list_instructions(plan(*stages), "linux/amd64") == (RUN, COPY, ENV)


def test_layers_are_matched_from_the_end() -> None:
    history: list[dict[str, object]] = [
        {"created_by": "RUN the base's own"},
        {},
        {"created_by": "RUN true # buildkit"},
        {"created_by": "ENV A=b", "empty_layer": True},
        {"created_by": "COPY /layer/ / # buildkit"},
        {"created_by": "WORKDIR /app", "empty_layer": True},
    ]
    instructions: tuple[Instruction, ...] = (RUN, ENV, COPY, WORKDIR)

    assert match_layers(history, instructions) == (None, None, RUN, COPY)


def test_what_a_template_says_in_other_words_is_not_known() -> None:
    history = [{"created_by": "RUN a"}, {"created_by": "COPY b"}, {"created_by": "RUN c"}]

    assert match_layers(history, (RUN, RUN, RUN)) == (None, None, RUN)
