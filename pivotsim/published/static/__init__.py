"""Static block pruning with dynamic token pruning (Parikh et al.): claims and simulated numbers."""
