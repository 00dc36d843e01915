"""Sweeps of pruning schedules: over their weight and batch, over the encoder that prunes, and their table."""
