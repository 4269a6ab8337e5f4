"""Sources of distributions: what they say of themselves, and what builds them."""
