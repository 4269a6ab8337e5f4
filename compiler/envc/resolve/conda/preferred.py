"""Packages of an old lock, found again in the channels; only worker processes import this."""

from __future__ import annotations

import rattler

from envc.resolve.conda.channels import as_subdirs, is_old_enough
from envc.resolve.conda.question import Question

__all__ = ["find_preferred"]


async def find_preferred(
    question: Question, gateway: rattler.Gateway
) -> list[rattler.RepoDataRecord]:
    """Return the records that a question prefers, as far as the channels may still offer them.

    rattler takes what it is told to prefer for a candidate without looking at channels, at their
    priority or at dates: a package that has left its channel, has other bytes now, is newer than
    allowed, or lies in a channel that an earlier one shadows would come back.

    Raises:
        GatewayError: A channel cannot be read.
    """
    preferred = {one["url"]: one["sha256"] for one in question["preferred"]}
    if not preferred:
        return []
    specs = [
        rattler.MatchSpec(f"{one['name']} =={one['version']} {one['build']}")
        for one in question["preferred"]
    ]
    subdirs = as_subdirs([question["subdir"], "noarch"])
    found: list[rattler.RepoDataRecord] = []
    shadowed: set[str] = set()
    for channel in question["channels"]:
        source = rattler.Channel(channel["address"])
        groups = await gateway.query(
            [source], subdirs, specs, recursive=False, channel_relations="disabled"
        )
        found.extend(
            record
            for group in groups
            for record in group
            if record.name.normalized not in shadowed
            and record.sha256 is not None
            and record.sha256.hex() == preferred.get(record.url)
            and is_old_enough(question, record)
        )
        if question["channel_priority"] == "strict" and channel is not question["channels"][-1]:
            names = await gateway.names([source], subdirs)
            shadowed.update(name.normalized for name in names)
    return found
