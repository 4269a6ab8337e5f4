"""OCI registries: which manifest a reference names, and what it says of itself."""
