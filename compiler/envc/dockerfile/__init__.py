"""A Dockerfile of a user's: read as BuildKit reads it, and taken over into the one that envc writes."""
