"""Transforms: pure functions from a plan to a plan; they compose."""
