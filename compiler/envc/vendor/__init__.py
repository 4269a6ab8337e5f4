"""A folder that holds all that locks pin: gathered, verified, and handed to builds without a network."""

from __future__ import annotations
