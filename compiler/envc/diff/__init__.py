"""Two environments compared: what their ids are made of, their packages, their layers."""
