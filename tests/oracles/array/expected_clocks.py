"""Mean clocks of a GEMM over all masks that keep a given number of its weights' blocks: padded folds, no overlap.

A mask keeps Z of B blocks, every choice as likely. That it keeps none of g given ones has probability
C(B - g, Z) / C(B, Z). A fold of streamed length T > 0 takes 2R + C + T - 2 clocks and those of slower MACs.
"""

from fractions import Fraction
from math import comb

from tests.oracles.array.array_schedule import slices_of
from tests.oracles.array.masked_schedule import mapped, product_at


def mean_clocks(m, k, n, kept, block, *, rows, cols, dataflow, mac_latency=1, mac_packing=1):
    """The mean as a fraction, found by asking of every fold and index which blocks of weights they touch."""
    blocks = -(-k // block) * -(-n // block)
    row_size, col_size, t_size = mapped(m, k, n, dataflow)

    def chance_of_any(touched):
        return 1 - Fraction(comb(blocks - len(touched), kept), comb(blocks, kept))

    total = Fraction(0)
    for first_col in range(0, col_size, cols):
        for first_row in range(0, row_size, rows):
            of_fold = set()
            for t in range(t_size):
                touched = set()
                for row in range(first_row, min(first_row + rows, row_size)):
                    for col in range(first_col, min(first_col + cols, col_size)):
                        _, down, across = product_at(dataflow, row, col, t)
                        touched.add((down // block, across // block))
                of_fold |= touched
                total += chance_of_any(touched)
            slower = mac_latency - 1 + (1 if mac_packing > 1 else 0)
            total += (2 * rows + slices_of(cols, mac_packing) - 2 + slower) * chance_of_any(of_fold)
    return total
