"""The latency estimator of Parikh et al., walked block by block: result blocks handed out to PEs, wave after wave.

A PE makes a b x b block of the result. It goes through the depth in blocks of b; of each it multiplies p_pe rows by
p_pe columns at a time, b clocks each. Pruning leaves the share phi of a matrix's blocks, spread as evenly as can be:
the clocks of the whole matrix shrink by phi and are rounded up once. Nothing else takes time.
"""

import math
from fractions import Fraction


def cuts(size: int, piece: int) -> list[int]:
    """Where pieces begin."""
    return list(range(0, size, piece))


def result_block(depth: int, b: int, p_pe: int) -> int:
    clocks = 0
    for _ in cuts(depth, b):
        for _ in cuts(b, p_pe):
            for _ in cuts(b, p_pe):
                clocks += b
    return clocks


def waves(blocks: int, pes: int) -> int:
    """How often the PEs of a head module take a block each."""
    taken = 0
    while blocks > 0:
        blocks -= pes
        taken += 1
    return taken


def sweep(rows: int, depth: int, columns: int, head_width: int, p: tuple[int, int, int, int], b: int, phi: Fraction):
    """Each head module takes the columns of one head after the other."""
    p_h, p_t, p_c, p_pe = p
    clocks = 0
    for _ in cuts(len(cuts(columns, head_width)), p_h):
        blocks = sum(1 for _ in cuts(rows, b) for _ in cuts(head_width, b))
        for _ in range(waves(blocks, p_t * p_c)):
            clocks += result_block(depth, b, p_pe)
    return math.ceil(clocks * phi)


def expand(rows: int, depth: int, columns: int, p: tuple[int, int, int, int], b: int, phi: Fraction):
    """Block columns are shared by the head modules, whatever head they are of."""
    p_h, p_t, p_c, p_pe = p
    own = [place for place, _ in enumerate(cuts(columns, b)) if place % p_h == 0]  # of the module that has most
    blocks = sum(1 for _ in cuts(rows, b) for _ in own)
    clocks = 0
    for _ in range(waves(blocks, p_t * p_c)):
        clocks += result_block(depth, b, p_pe)
    return math.ceil(clocks * phi)


def matrix(rows: int, depth: int, columns: int, head_width: int, p: tuple[int, int, int, int], b: int, phi=Fraction(1)):
    return min(sweep(rows, depth, columns, head_width, p, b, phi), expand(rows, depth, columns, p, b, phi))


def heads(rows: int, depth: int, columns: int, count: int, p: tuple[int, int, int, int], b: int) -> int:
    """QK^T or SV: p_h heads at a time, the blocks of one on the PEs of a head module."""
    p_h, p_t, p_c, p_pe = p
    clocks = 0
    for _ in cuts(count, p_h):
        blocks = sum(1 for _ in cuts(rows, b) for _ in cuts(columns, b))
        for _ in range(waves(blocks, p_t * p_c)):
            clocks += result_block(depth, b, p_pe)
    return clocks


def row_sums(rows: int, columns: int, count: int, p: tuple[int, int, int, int], b: int) -> int:
    """Sums of exp(QK^T) along its rows: p_t blocks of rows at a time, each over all its columns."""
    p_h, p_t, _, p_pe = p
    clocks = 0
    for _ in cuts(count, p_h):
        for _ in cuts(len(cuts(rows, b)), p_t):
            for _ in cuts(columns, b):
                for _ in cuts(b, p_pe):
                    clocks += b
    return clocks


def model(
    *, b: int, kept: Fraction, token_rate: Fraction, heads_kept: int, tokens: int = 198, width: int = 384,
    all_heads: int = 6, hidden: int = 1536, depth: int = 12, dropping=(3, 7, 10), p=(4, 12, 2, 8),
) -> dict[str, int]:  # fmt: skip
    """Clocks of a whole model by part."""
    head_width = width // all_heads
    inner, neurons = heads_kept * head_width, math.ceil(hidden * kept)
    phi = kept * all_heads / heads_kept
    parts = dict.fromkeys(("qkv", "qkt", "softmax", "sv", "proj", "fc1", "fc2"), 0)
    for encoder in range(1, depth + 1):
        for _ in range(3):
            parts["qkv"] += matrix(tokens, width, inner, head_width, p, b, phi)
        parts["qkt"] += heads(tokens, head_width, tokens, heads_kept, p, b)
        parts["softmax"] += row_sums(tokens, tokens, heads_kept, p, b)
        parts["sv"] += heads(tokens, tokens, head_width, heads_kept, p, b)
        parts["proj"] += matrix(tokens, inner, width, head_width, p, b, phi)
        if encoder in dropping and token_rate < 1:
            tokens = math.ceil(token_rate * (tokens - 1)) + 2
        parts["fc1"] += matrix(tokens, width, neurons, head_width, p, b)
        parts["fc2"] += matrix(tokens, neurons, width, head_width, p, b)
    return parts
