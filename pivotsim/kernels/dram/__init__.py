"""Kernels of one DRAM channel."""
