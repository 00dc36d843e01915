"""Structures of the Verilog that ships, and what each takes of an FPGA."""
