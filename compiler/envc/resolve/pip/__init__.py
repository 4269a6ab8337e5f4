"""pip requirements resolved, by uv or pip-tools: backends decide on versions, and the rest is the same."""
