"""What a build tells while it runs, and why it failed: for people, and for programs."""
