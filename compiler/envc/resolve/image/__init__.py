"""Images looked into: which bytes a reference names, what is in them, and what a lock says of it."""
