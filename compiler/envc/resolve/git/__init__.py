"""Commits of Git repositories as sources of distributions: found, fetched, and kept as archives."""
