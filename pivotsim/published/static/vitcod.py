"""ViTCoD's accelerator in closed form: the clocks that its released simulator counts, layer by layer.

Source: You et al., HPCA 2023, and its code, GATECH-EIC/ViTCoD at b2f7fb5, Hardware/Simulator (500 MHz, 8 bit, DRAM at
76.8 GiB/s). The closed forms are ours and give the committed logs exactly. They count as that code does, which is not
how this package counts its own arrays: heads run in parallel and head 0's mask stands for all of them; attention has
64 x 64 = 4,096 lanes but linear layers 64 x 8 = 512; softmax, index loads and the attention's output are free.

With N tokens, h heads of width dh, E = h dh, W columns of PEs, g global keys (more than 50 kept scores) and z kept
scores of the other keys, per layer:

    preload   (g+1) + (N+1) + (N-g+1) + 2g + 2(N-g) = 4N + 3      one clock a token of Q and K, two of V
    decode    (g+N) + (N-g) = 2N                                  heads of Q and K made from two thirds of them
    columns   dW = floor(W g N / (g N + z)) for the denser part, W - dW for the sparser one
    SDDMM     max(h g ceil(N / dW), h ceil(z / (W - dW)))
    SpMM      max(ceil(N dh g / floor(dW W / h)), ceil(z dh / floor((W - dW) W / h)))
    total     max(all preloads, all decoding + all computing)
    linear    h N floor(E dh / floor(8 W / h)) + floor(N E dh / floor(8 W / h))
    its loads h dh ceil(h E / B) + 2 ceil(h / (B/2)) + 2 N ceil(dh / (B/2)) + N ceil(dh / (B/3))
              + floor(N / floor(8 W / h)) E ceil(dh / (B/3))
    FFN       2 floor(4 N E^2 / (8 W))

B are the bytes that DRAM delivers in a clock, 76.8 * 2^30 / (500 * 10^6) = 164.927, whole, halved or in thirds: as
ViT_FFN.py shares them among what is loaded at a time. Its `linear` cycles do not wait for these loads.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from pivotsim.errors import InputError, check_integer, got
from pivotsim.models.spec import VitModel, load_model
from pivotsim.workload.lowering.attention_scores import global_keys
from pivotsim.workload.masks.masks import Flags
from pivotsim.workload.transforms.attention_splitting import DENSE_KEY_ENTRIES

PE_COLUMNS = 64
LANES = 64  # of each PE column, in attention
LINEAR_LANES = 8  # of each PE column, in linear layers
CLOCK_MHZ = 500
DRAM_GIB_PER_S = Fraction("76.8")
ENCODED_SHARE = Fraction(2, 3)  # heads of Q and K that DRAM holds, of those that attention has


class Layer(NamedTuple):
    """One layer's attention: its split, the PE columns of each part, and clocks."""

    global_keys: int
    sparser_entries: int
    denser_columns: int
    sparser_columns: int
    denser_sddmm_cycles: int
    sparser_sddmm_cycles: int
    denser_spmm_cycles: int
    sparser_spmm_cycles: int
    preload_cycles: int
    decode_cycles: int

    @property
    def compute_cycles(self) -> int:
        """Clocks of both products; the slower part decides."""
        sddmm = max(self.denser_sddmm_cycles, self.sparser_sddmm_cycles)
        return sddmm + max(self.denser_spmm_cycles, self.sparser_spmm_cycles)


@dataclass(frozen=True)
class Attention:
    """All layers; loads hide behind decoding and computing, or the other way round, over the whole model."""

    layers: tuple[Layer, ...]

    @property
    def preload_cycles(self) -> int:
        """Clocks to load Q, K and V."""
        return sum(layer.preload_cycles for layer in self.layers)

    @property
    def decode_cycles(self) -> int:
        """Clocks to decode Q and K."""
        return sum(layer.decode_cycles for layer in self.layers)

    @property
    def compute_cycles(self) -> int:
        """Clocks of SDDMM and SpMM."""
        return sum(layer.compute_cycles for layer in self.layers)

    @property
    def cycles(self) -> int:
        """Clocks in all."""
        return max(self.preload_cycles, self.decode_cycles + self.compute_cycles)


def split_counts(kept: Flags, threshold: int = DENSE_KEY_ENTRIES) -> tuple[int, int]:
    """Return (g, z) of one head's mask: global keys, and kept entries of the others.

    >>> split_counts(np.array([[True, False], [True, True]]), threshold=1)
    (1, 1)
    """
    dense = global_keys(kept, threshold)
    return int(dense.sum()), int(kept[:, ~dense].sum())


def layer_of(g: int, z: int, model: VitModel) -> Layer:
    """Return the clocks of one layer's attention from its global keys and the kept entries of the others.

    Raises
    ------
    InputError
        There is no global key, or more entries than fit: the code's loads assume at least one.
    """
    tokens, heads = model.tokens, model.heads
    width = model.width // heads
    check_integer("heads", heads, 1, PE_COLUMNS)
    check_integer("g", g, 1, tokens)
    check_integer("z", z, 0, tokens * (tokens - g))
    denser = PE_COLUMNS * g * tokens // (g * tokens + z)
    sparser = PE_COLUMNS - denser
    if denser == 0:
        raise InputError(f"g: leaves the denser part no PE column beside {z} entries {got(g)}")
    return Layer(
        g, z, denser, sparser,
        heads * g * _ceil(tokens, denser), heads * _ceil(z, sparser),
        _ceil(tokens * width * g, denser * PE_COLUMNS // heads), _ceil(z * width, sparser * PE_COLUMNS // heads),
        4 * tokens + 3, 2 * tokens,
    )  # fmt: skip


def _ceil(work: int, lanes: int) -> int:
    return -(-work // lanes) if work else 0


def attention_of(counts: Iterable[tuple[int, int]], model: "VitModel | str" = "deit_t") -> Attention:
    """Return the attention of a model from (g, z) of each layer's head 0.

    Examples
    --------
    >>> attention_of([(1, 2244)]).layers[0][2:8]
    (5, 59, 120, 117, 119, 115)
    """
    spec = load_model(model)
    return Attention(tuple(layer_of(g, z, spec) for g, z in counts))


def linear_cycles(model: "VitModel | str" = "deit_t") -> int:
    """Return the clocks of QKV and projection of all layers.

    >>> linear_cycles()
    681492
    """
    spec = load_model(model)
    lanes = LINEAR_LANES * PE_COLUMNS // spec.heads
    work = spec.width * (spec.width // spec.heads)
    return spec.depth * (spec.heads * spec.tokens * (work // lanes) + spec.tokens * work // lanes)


def linear_preload_cycles(model: "VitModel | str" = "deit_t") -> int:
    """Return the clocks in which the operands of QKV and projection of all layers are loaded.

    Examples
    --------
    12 layers of 768 + 2 + 394 + 394 + 384:

    >>> linear_preload_cycles()
    23304
    """
    spec = load_model(model)
    heads, tokens, width = spec.heads, spec.tokens, spec.width // spec.heads
    rate = DRAM_GIB_PER_S * 2**30 / (CLOCK_MHZ * 10**6)
    loads = (
        (heads * width, heads * spec.width, rate),
        (2, heads, rate / 2),
        (2 * tokens, width, rate / 2),
        (tokens, width, rate / 3),
        (tokens // (LINEAR_LANES * PE_COLUMNS // heads) * spec.width, width, rate / 3),
    )
    return spec.depth * sum(times * math.ceil(size_bytes / share) for times, size_bytes, share in loads)


def ffn_cycles(model: "VitModel | str" = "deit_t") -> int:
    """Return the clocks of the MLPs of all layers, of four times the width.

    >>> ffn_cycles()
    1361664
    """
    spec = load_model(model)
    return spec.depth * 2 * (4 * spec.tokens * spec.width**2 // (LINEAR_LANES * PE_COLUMNS))


def sparser_density(counts: Iterable[tuple[int, int]], model: "VitModel | str" = "deit_t") -> float:
    """Return the mean over layers of the kept share of the sparser part."""
    tokens = load_model(model).tokens
    return float(np.mean([z / (tokens * (tokens - g)) for g, z in counts]))
