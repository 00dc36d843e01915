"""One DRAM channel: its specification, and which command holds back which."""
