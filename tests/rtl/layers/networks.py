"""A network small enough for every layer of it to run in Verilog within a second, its plans and its board."""

import functools
from dataclasses import replace

import numpy as np

import pivotsim as ps
from pivotsim.integer.weights.random_weights import random_model

MODEL = {
    "name": "five_tokens", "source": "tests", "depth": 2, "image_px": 4, "patch_px": 2, "channels": 1,
    "prefix_tokens": 1, "width": 16, "heads": 2, "mlp_hidden": 20, "gated_mlp": False, "classes": 4,
    "head_features": 16, "stem": "patch", "qkv_bias": True, "layer_scale": False, "aux_head": False,
}  # fmt: skip
BOARD = {
    "array.rows": 4, "array.cols": 3, "array.mac_latency": 2, "memories.ipmem_bytes": 256,
    "memories.wtmem_bytes": 256, "memories.opmem_bytes": 256, "memories.weight_share_bytes": 512,
    "memories.gb_bytes": 512, "memories.gb_port_bytes_per_clock": 8, "memories.buffer_read_cycles": 1,
    "memories.dram_bytes_per_s": 400_000_000,
}  # fmt: skip
LOGIT_SCALE = 1e-4  # of random weights: entropies lie around the threshold
THRESHOLD = 0.8
DIGITS_THRESHOLD = 0.1


@functools.cache
def square_heads():
    """As many channels in a head as tokens: Q K^T and S V are one table, and softmax stands between them."""
    sizes = {"width": 10, "head_features": 10, "mlp_hidden": 10, "depth": 1}
    return random_model({**MODEL, "name": "square_heads", **sizes}, seed=2)


@functools.cache
def model():
    return replace(random_model(MODEL, seed=1), logit_scale=LOGIT_SCALE)


def plan(name):
    whole = ps.plan(model().model)
    return {
        "whole": lambda: whole,
        "skipped": lambda: ps.skip_attention(whole, active=[1]),
        "tokens": lambda: ps.prune_tokens(whole, "top_k", r=2, encoders=(1,)),
        "blocks": lambda: ps.prune_blocks(whole, block=4, density=0.5),
    }[name]()


def board(**changes):
    return ps.load_hardware("zcu102").replace({**BOARD, **changes})


def with_units(of, lanes=2, memory_bytes=1024, **changes):
    """The same board with every unit in the logic, behind two memories."""
    kinds = ("softmax", "gelu", "relu", "norm", "add")
    values = {f"placement.{kind}": "pl" for kind in (*kinds, "score", "sort", "gather")}
    values |= {f"units.{kind}.elements_per_clock": lanes for kind in kinds}
    values |= {"units.token_drop.ports": 1, "units.token_drop.channels_per_port": lanes,
               "units.token_drop.score_lanes": lanes}  # fmt: skip
    return of.replace({**values, "units.memory_bytes": memory_bytes, **changes})


def images_of(count, seed=3):
    return np.random.default_rng(seed).integers(-127, 128, (count, 1, 4, 4), dtype=np.int8)


def digits_board():
    """An 8x8 array: every digit in a second or two of simulation."""
    sizes = {"array.rows": 8, "array.cols": 8, "array.mac_latency": 2, "memories.buffer_read_cycles": 1}
    memories = {
        "ipmem_bytes": 2048, "wtmem_bytes": 2048, "opmem_bytes": 2048, "gb_bytes": 4096, "weight_share_bytes": 4096,
        "gb_port_bytes_per_clock": 8, "dram_bytes_per_s": 1_000_000_000,
    }  # fmt: skip
    return ps.load_hardware("zcu102").replace({**sizes, **{f"memories.{key}": size for key, size in memories.items()}})


def digits_plans():
    """The plans that the digits sample was trained for; see docs/integer_inference.md."""
    whole = ps.plan("digits_vit")
    return {
        "low": ps.skip_attention(whole, active=[1, 2, 4, 6]),
        "whole": whole,
        "tokens": ps.prune_tokens(whole, "top_k", r=4, encoders=(2, 5)),
        "blocks": ps.prune_blocks(whole, block=8, density=0.5),
    }
