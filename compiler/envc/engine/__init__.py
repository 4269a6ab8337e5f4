"""The Docker engine: look up, tag, run; everything but building."""
