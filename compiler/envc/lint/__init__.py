"""What experienced people would change in a spec that is right: rules, and the fixes of some."""
