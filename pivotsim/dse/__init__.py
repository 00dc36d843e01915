"""Design-space exploration: a space of designs, swept into a table, read as a Pareto front."""
