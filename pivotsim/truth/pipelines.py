"""Streaming pipelines: intervals of HG-PIPE's blocks by themselves, and FINN's clocks of one image in its loop."""

from collections.abc import Sequence
from dataclasses import replace

from pivotsim.engines.pipeline.engine import PipelineDetails
from pivotsim.hardware.kinds.pipeline import as_pipeline
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.spec import Hardware
from pivotsim.truth.measured import Measured
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.ops import Op, Trace
from pivotsim.workload.plans import plan

# blocks as HG-PIPE cuts the network: the modules of one; a norm of the class token alone stands before the head
BLOCKS = {
    "patch_embed": ("patch_embed",),
    "attention": ("norm1", "qkv", "qkt", "softmax", "sv", "proj", "residual1"),
    "mlp": ("norm2", "fc1", "gelu", "fc2", "residual2"),
    "head": ("head",),
}
BOARD_OF = {"W3A3": "", "W4A4": "truth/finn_tinydeit_w4a4"}  # '' is the machine's own file


def block_of(name: str, tokens: int) -> Trace:
    """Return a block of DeiT-T on so many rows; additions of positions are part of HG-PIPE's patch embedding."""
    ops = [op for op in lower(plan("deit_t")) if op.encoder <= 1 and op.module in BLOCKS[name]]
    if name == "patch_embed":
        ops = [op for op in ops if op.kind == "gemm"]
    return Trace(tuple(_on(op, 1 if name == "head" else tokens) for op in ops), name)


def _on(op: Op, rows: int) -> Op:
    keys = rows if op.module in ("qkt", "softmax") else op.n
    return op._replace(m=rows, n=keys, k=rows if op.module == "sv" else op.k)


def block_intervals(rows: Sequence[Measured], hw: Hardware) -> list[float]:
    """Return the clocks from image to image of each block by itself."""
    board = as_pipeline(hw, "machine")
    known = {key: PipelineDetails(block_of(*key), board) for key in dict.fromkeys((r.group, r.m) for r in rows)}
    return [known[row.group, row.m].interval_clocks for row in rows]


def first_images(rows: Sequence[Measured], hw: Hardware) -> list[float]:
    """Return the clocks of one image that passes the stages of an encoder once."""
    found = []
    for row in rows:
        board = as_pipeline(load_hardware(BOARD_OF[row.group] or hw), "machine")
        whole = lower(plan("deit_t"))
        encoder = replace(whole, ops=tuple(op for op in whole if op.encoder == 1), places=())
        found.append(float(PipelineDetails(encoder, board).latency_clocks))
    return found
