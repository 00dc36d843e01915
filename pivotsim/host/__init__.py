"""The processor side: what operations cost that do not run on the array."""
