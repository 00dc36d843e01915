"""Whether PIVOT's paper agrees with itself: cells, text and sums of energies. Nothing is simulated."""
