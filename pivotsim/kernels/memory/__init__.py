"""Kernels of the array behind its memories."""
