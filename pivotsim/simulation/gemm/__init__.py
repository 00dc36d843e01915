"""One matrix multiplication: on any engine, under a mask, with real values, and its result."""
