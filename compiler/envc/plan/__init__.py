"""The build as data: a spec and its lock are lowered to stages and instructions, and identified."""
