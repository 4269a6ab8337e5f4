"""A comparison as JSON data."""

from __future__ import annotations

from typing import Any

from envc.cli.summary import describe_change
from envc.cli.tree import describe_place
from envc.diff.difference import Difference, PlatformDifference
from envc.diff.layer import LayerChange
from envc.diff.leaf import LeafChange
from envc.diff.picture import PictureDifference
from envc.pipeline.differing import ImageDifference
from envc.plan.node import Node

__all__ = ["describe"]


def describe(difference: Difference | ImageDifference) -> dict[str, Any]:
    """Return what `--json` says."""
    head = {"old": difference.old, "new": difference.new, "same": difference.is_same}
    if isinstance(difference, ImageDifference):
        return {**head, "images": [_describe_image(one) for one in difference.platforms]}
    return {
        **head,
        "old_spec_id": difference.spec_ids[0],
        "new_spec_id": difference.spec_ids[1],
        "platforms": [_describe_platform(one) for one in difference.platforms],
        "assumed_layers": difference.assumed_layers,
    }


def _describe_platform(one: PlatformDifference) -> dict[str, Any]:
    return {
        "variant": one.variant or None,
        "platform": one.platform,
        "state": one.state,
        "old_env_id": one.old_id,
        "new_env_id": one.new_id,
        "leaves": [_describe_leaf(leaf) for leaf in one.leaves],
        "packages": [describe_change(change) for change in one.packages],
        "layers": [_describe_layer(layer) for layer in one.layers],
        "pull_size_bytes": one.pull.size_bytes,
        "pull_unknown": list(one.pull.unknown),
    }


def _describe_leaf(leaf: LeafChange) -> dict[str, Any]:
    return {
        "path": list(leaf.path),
        "move": leaf.move,
        "old": _describe_node(leaf.old),
        "new": _describe_node(leaf.new),
    }


def _describe_node(node: Node | None) -> dict[str, Any] | None:
    if node is None:
        return None
    return {
        "digest": node.digest,
        "text": node.text,
        "places": [describe_place(place) for place in node.places],
    }


def _describe_layer(layer: LayerChange) -> dict[str, Any]:
    return {
        "name": layer.name,
        "state": layer.state,
        "packages": layer.packages,
        "size_bytes": layer.size_bytes,
    }


def _describe_image(one: PictureDifference) -> dict[str, Any]:
    return {
        "where": one.where,
        "same": one.is_same,
        "old_env_id": one.old_id,
        "new_env_id": one.new_id,
        "settings": [
            {"name": change.name, "old": change.old, "new": change.new} for change in one.settings
        ],
        "layers": [_describe_layer(layer) for layer in one.layers],
        "pull_size_bytes": one.pull.size_bytes if one.pull is not None else None,
    }
