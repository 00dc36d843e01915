"""Traces in CSV files: their layout and rows, written and read, and SCALE-Sim's topologies."""
