"""Two images held against each other: down to the first byte that differs."""
