"""Micro-benchmarks of a processor: the rows of a form, measured in C or in numpy."""
