"""Evaluation: designs of a space in, their rows of numbers out; what breaks a rule is left aside first."""
