"""Package indexes: what they offer of a distribution, by pages, files and HTTP."""
