"""Compiled entries of the schedule: what a call pays for is compiled, and nothing else."""
