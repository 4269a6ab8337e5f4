"""Text becomes an image: BuildKit does the building."""
