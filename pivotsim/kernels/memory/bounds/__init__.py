"""Clocks that no schedule of a candidate undercuts, worked out before it runs."""
