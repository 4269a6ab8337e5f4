"""Conda packages resolved, by rattler or conda-lock, in processes of their own."""
