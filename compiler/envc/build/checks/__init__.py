"""What an image must show before it gets its name: looked at in a container of it."""
