"""Columns of datasets as words on an axis, with their units, and designs in a few words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

WORDS = {
    "delay_ms": "delay, ms", "energy_j": "energy, J", "edp_j_ms": "energy-delay product, J*ms", "dsp": "DSP slices",
    "bram36": "block RAMs of 36 Kb", "lut": "LUTs", "ff": "flip-flops", "uram": "UltraRAMs",
    "pl_cycles": "array, clocks", "mean_pl_cycles": "array, clocks of the mean image",
    "array.rows": "rows of the array", "array.cols": "columns of the array",
    "array.dataflow": "dataflow", "array.fold_overlap": "fold overlap",
    "array.clock_mhz": "clock of the array, MHz", "effort.low": "attentions, low effort",
    "effort.high": "attentions, high effort", "effort.low_frac": "share of low effort",
}  # fmt: skip
SHORT = {"array.rows": "rows", "array.cols": "columns"}
SIZED = ("array.rows", "array.cols")


def axis_label(name: str, unit: str = "") -> str:
    """Return a column in words, with its unit.

    >>> axis_label("delay_ms"), axis_label("memories.ipmem_bytes", "B"), axis_label("host.cores")
    ('delay, ms', 'memories ipmem, B', 'host cores')
    """
    if name in WORDS:
        return WORDS[name]
    words = name.replace(".", " ").removesuffix("_bytes" if unit == "B" else " ").replace("_", " ")
    return f"{words}, {unit}" if unit else words


def text_of(value: Any) -> str:
    """Return a value as it stands at a tick."""
    return f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(value)


def design_text(values: Mapping[str, Any]) -> str:
    """Return a design in a few words, from the values of its axes.

    >>> design_text({"array.rows": 64, "array.cols": 36, "array.dataflow": "is", "effort.low": 3})
    '64x36, is, attentions, low effort 3'
    """
    parts = []
    if all(name in values for name in SIZED):
        parts.append("x".join(text_of(values[name]) for name in SIZED))
        values = {name: value for name, value in values.items() if name not in SIZED}
    for name, value in values.items():
        is_word = isinstance(value, (str, np.str_))
        parts.append(str(value) if is_word else f"{SHORT.get(name, axis_label(name))} {text_of(value)}")
    return ", ".join(parts)


def is_wide_range(values: Sequence[float] | Any, least: float = 10.0) -> bool:
    """Tell whether positive values range so far that a logarithmic scale shows more of them."""
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    return bool(len(finite) and finite.min() > 0 and finite.max() >= least * finite.min())
