"""Token pruning: importance of tokens, utilities, and the schedule that a device's latency staircase suggests."""
