"""Evaluation: designs of a space in, their rows of numbers out; what a constraint excludes is left aside first."""
