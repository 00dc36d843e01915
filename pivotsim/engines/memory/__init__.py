"""The array behind its memories: a schedule of transfers, passes and drains, and what waits for what."""
