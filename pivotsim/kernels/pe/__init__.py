"""Kernels of the array PE by PE."""
