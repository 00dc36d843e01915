"""Compiled kernels: arrays and integers in, arrays out. They import numpy, numba and each other only."""
