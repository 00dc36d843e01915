"""The measured machines, a row each: what predicts them, which constants are fitted, and on which rows."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from pivotsim.hardware.spec import Hardware
from pivotsim.truth import arrays, heatvit, pipelines
from pivotsim.truth.measured import Measured
from pivotsim.units import FloatArray

BOARD, RTL = "board", "RTL simulation"
Rows = Sequence[Measured]


def no_terms(rows: Rows, _: Hardware) -> FloatArray:
    """Return that nothing is fitted here, float64 (N, 0)."""
    return np.zeros((len(rows), 0))


def nothing(rows: Rows, _: Hardware) -> FloatArray:
    """Return that all of a prediction comes from fitted constants, float64 (N,)."""
    return np.zeros(len(rows))


class Machine(NamedTuple):
    """A machine of other people.

    Attributes
    ----------
    title : str
        The design and its board.
    kind : str
        How it was measured: board, emulation, RTL simulation.
    unit : str
        Of measured and predicted values.
    source : str
        Where the values were published.
    model : str
        One sentence: what predicts it.
    predict : callable
        What the hardware file alone predicts, (rows, hardware) -> float64 (N,).
    terms : callable
        What the fitted constants are multiplied by, (rows, hardware) -> float64 (N, T).
    constants : tuple of (str, str)
        Name and unit of each constant.
    groups_apart : bool
        Each group of rows has constants of its own.
    is_fitted : callable
        Whether a row, by its place among its group's, is one that constants were fitted on.
    fitted_on : str
        The same in words.
    in_file : int
        Constants fitted on the same rows that stand in the hardware file or in a rule instead of being found anew.
    unit_s, unit_clocks : float, int
        A value's unit in seconds, or, where that is 0, in clocks of the hardware file.
    held : str
        Which those are.
    by_parts : bool
        Rows are parts of the design itself, so that no further row can be judged.
    """

    title: str
    kind: str
    unit: str
    source: str
    model: str
    predict: Callable[[Rows, Hardware], FloatArray] = nothing
    terms: Callable[[Rows, Hardware], FloatArray] = no_terms
    constants: tuple[tuple[str, str], ...] = ()
    groups_apart: bool = False
    is_fitted: Callable[[Measured, int], bool] = lambda row, place: False
    fitted_on: str = "none"
    in_file: int = 0
    unit_s: float = 0.0
    unit_clocks: int = 1
    held: str = ""
    by_parts: bool = False


MACHINES = {
    "heatvit_kc705": Machine(
        "HeatViT re-implementation, DeiT-T, XC7K325T", RTL, "clocks",
        "github YOUXINYANG/HeatViT at 88eee3e, docs/heatvit.md 16.3 (MIT)",
        "engine `serial`, nothing fitted for classes of multiplications; passes over rows a constant an element",
        predict=lambda rows, hw: np.array(heatvit.predicted(rows, hw)),
        is_fitted=heatvit.is_fitted, by_parts=True, in_file=3, held="serial.passes of its hardware file (norm is add)",
        fitted_on="a block's other clocks at 197 and 28 tokens, the selector's at 197",
    ),
    "vck190_dsp58": Machine(
        "Vitis tutorial, 32x32 DSP58 array, VCK190", "board or emulation (not said)",
        "clocks at half the DSPs' clock",
        "github Xilinx/Vitis-Tutorials, 10-GeMM_AIEvsDSP, DSP/README.md, two editions",
        "engine `memory`, is, pipelined, memories at half the clock (`memories.clock_divisor`), without limits;"
        " `counter` is when the design's counter starts and stops",
        predict=arrays.clocks_of_the_memories, unit_clocks=2, terms=lambda rows, _: arrays.one(rows)[:, None],
        constants=(("counter", "clocks"),), groups_apart=True,
        is_fitted=lambda row, _: row.case == "64^3", fitted_on="64^3 of each edition",
    ),
    "u250_blas": Machine(
        "Vitis BLAS, 16x16 fp32 array, Alveo U250", BOARD, "clocks",
        "github Xilinx/Vitis_Libraries at 2a891496, blas L2 benchmark of GEMM",
        "engine `memory`, os, 64 x 64 fp32 sums on chip for each 64 of K (read from the design; nothing fitted)",
        predict=arrays.memory_clocks,
    ),
    "tpu_v4": Machine(
        "TPU v4, fp16 products", "run on the device", "us",
        "github yutation/SCALE-SIM_Validation at dad9479, data_matmul2, 5, 6, 7 (fusion, mean)",
        "engine `analytic` on one 128x128 unit times a slope, plus an offset, of each range of sizes",
        terms=lambda rows, hw: np.stack([arrays.one(rows), arrays.microseconds(rows, hw)], axis=1),
        unit_s=1e-6, constants=(("offset", "us"), ("slope", "us per us of one unit")), groups_apart=True,
        is_fitted=lambda _, place: place % 2 == 0, fitted_on="every other row of each range",
    ),
    "feather_zcu104": Machine(
        "FEATHER, 3x3 convolutions, ZCU104", BOARD, "us",
        "github maeri-project/FEATHER at f854286, End2end_Deployment/feather.ipynb (means of 200 runs)",
        "engine `analytic` on 16 columns at every input pixel, whatever the stride (inferred), channels padded to 8, "
        "weights loaded before",
        terms=lambda rows, hw: np.stack(
            [arrays.one(rows), arrays.convolution_microseconds(rows, hw), arrays.weights(rows)], axis=1
        ),
        unit_s=1e-6, constants=(("call", "us"), ("slope", "us per us of one row"), ("weight", "us per weight")),
        is_fitted=lambda row, _: row.group in ("network 0", "network 1", "network 2"), in_file=1,
        held="the channels that are padded to, in its rule", fitted_on="networks 0, 1 and 2",
    ),
    "deit_on_fpga": Machine(
        "DeiT-T on a PYNQ, 12x16 array, Zynq-7020", BOARD, "s",
        "github WangSibothunder/deit_on_fpga at 411ca8c, ps/notebooks v1 and v2",
        "engine `analytic` with a driver's calls: a time per tile of weights and per tile of the result",
        predict=arrays.seconds_with_calls, unit_s=1.0, in_file=2, held="calls of its hardware file",
        is_fitted=lambda row, _: row.group == "v1", fitted_on="notebook v1",
    ),
    "hgpipe_vck190": Machine(
        "HG-PIPE, DeiT-T on 196 rows, its 26 blocks by themselves, VCK190", RTL, "clocks",
        "github hguq/HG-PIPE at 18bd164, SPINAL/latency (MIT)",
        "engine `pipeline`, the interval of each block; parallelism read from the design",
        predict=lambda rows, hw: np.array(pipelines.block_intervals(rows, hw)), by_parts=True,
        is_fitted=lambda row, _: row.group == "patch_embed", in_file=1, fitted_on="the patch embedding",
        held="pipeline.image_clocks of its hardware file",
    ),
    "finn_tinydeit": Machine(
        "FINN, DeiT-T in two foldings, one image through an encoder, VCK190", RTL, "clocks",
        "github Xilinx/finn PR 1643 at e82260c, tinydeit/results/vck190_folding_targets.json (BSD-3)",
        "engine `pipeline`, FIFOs without limits; that the clocks are those of one encoder is inferred",
        predict=lambda rows, hw: np.array(pipelines.first_images(rows, hw)), by_parts=True,
    ),
}  # fmt: skip
