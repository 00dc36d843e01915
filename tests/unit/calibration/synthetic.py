"""Rows of boards whose constants are known: drawn constants, a model's form, noise."""

import numpy as np

import pivotsim as ps
from pivotsim.calibration import form_of
from pivotsim.calibration.parameters import time_parameters, value_on
from pivotsim.calibration.predictions import Predictor

OPTIONS = {"profile": "full", "engine": "analytic", "memory": "paper", "scope": "all"}
TOLD = (
    *(f"host.full.{kind}.{leaf}" for kind in ("softmax", "gelu", "norm", "add", "requant")
      for leaf in ("cycles_per_element", "cycles_per_row")),
    "host.full.call_us", "host.transfer.cache_ns_per_line", "array.clock_mhz", "host.multicore_efficiency_frac",
)  # fmt: skip


def constants_of(hw):
    return {each.path: value_on(hw, each) for each in time_parameters(hw, "full", "paper")}


def drawn_board(rng):
    """The ZCU102 with every constant that a form tells drawn anew: rows cost enough to be seen."""
    ranges = {
        "cycles_per_element": (1, 40), "cycles_per_row": (20, 400), "call_us": (2, 40), "cache_ns_per_line": (5, 40),
        "clock_mhz": (80, 300), "multicore_efficiency_frac": (0.4, 0.95),
    }  # fmt: skip
    changes = {path: float(rng.uniform(*ranges[path.rpartition(".")[2]])) for path in TOLD}
    return ps.load_hardware("zcu102").replace(changes), changes


def form(cores=4):
    return [row for row in form_of("deit_s", cores=cores) if "watts" not in row.note]


def filled(rows, hw, rng, noise_frac):
    """Rows with the times of a board, each off by its own relative error."""
    times = Predictor(rows, OPTIONS).times_ms(hw)
    return [
        row._replace(ms=float(ms * (1 + noise_frac * rng.standard_normal())))
        for row, ms in zip(rows, times, strict=True)
    ]


def coverage(trials, seed, noise_frac=0.03, draws=500, kinds=()):
    """Share of trials in which each constant's true value lies inside its interval; every constant is told in each.

    With ``kinds``, of rows of these kinds alone.
    """
    rng = np.random.default_rng(seed)
    rows = [row for row in form() if not kinds or row.kind in kinds]
    told = [path for path in TOLD if not kinds or path.count(".") < 3 or path.split(".")[2] in kinds]
    hits = dict.fromkeys(told, 0)
    for _ in range(trials):
        hw, truth = drawn_board(rng)
        found = ps.calibrate(filled(rows, hw, rng, noise_frac), draws=draws, seed=int(rng.integers(2**31)))
        assert {each.path for each in found.fitted} == set(told)
        for each in found.fitted:
            low, high = each.interval
            hits[each.path] += low <= truth[each.path] <= high
    return {path: count / trials for path, count in hits.items()}
