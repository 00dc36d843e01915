"""Commands that simulate, and what is made of their results: gemm, run, watch, combine, compare, warm."""
