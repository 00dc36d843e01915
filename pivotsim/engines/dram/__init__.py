"""One DRAM channel: bursts in, the clocks of their commands out."""
