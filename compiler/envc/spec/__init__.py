"""What a spec means: the model, the rules between its fields, and its normal form."""
