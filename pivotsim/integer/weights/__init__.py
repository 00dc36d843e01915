"""The integers of a model: what they are, where they come from."""
