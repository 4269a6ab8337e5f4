"""Two front ends, one waist: a spec's text, in either form, becomes a Document."""
