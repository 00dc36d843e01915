"""Token pruning by latency staircase (Eliopoulos et al.): claims and simulated numbers."""
