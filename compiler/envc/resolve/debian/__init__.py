"""Debian packages resolved: by the base's own apt, with the addresses and hashes of their archives."""
