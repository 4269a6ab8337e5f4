"""The lock: every artefact of an environment, exact to the byte; its model, its file and its drift."""
