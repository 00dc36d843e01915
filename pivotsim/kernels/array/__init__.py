"""Kernels of the systolic array alone."""
