"""Lanes of a multi-level parallelism compute array in Verilog: what is written into their memories."""
