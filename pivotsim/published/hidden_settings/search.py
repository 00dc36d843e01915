"""infer_settings(): printed numbers and hidden settings in, the settings that meet the numbers out."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pivotsim.dse.space.axis_kinds import LOW_FRAC
from pivotsim.hardware.spec import Hardware
from pivotsim.models.spec import VitModel, load_model
from pivotsim.published.base.fractions import Allowed, Curve, solve
from pivotsim.published.base.inference import Inference, infer
from pivotsim.published.base.quantities import EDPS, QUANTITIES
from pivotsim.published.hidden_settings.printed_cells import read_cells
from pivotsim.published.hidden_settings.runs import Runs, run_all
from pivotsim.published.hidden_settings.vary import EDP, LOW_NOT_BELOW_HIGH, check_varied
from pivotsim.tables import counted
from pivotsim.units import FloatArray


def infer_settings(
    claims: "str | Path | Mapping[str, object]",
    vary: Mapping[str, Any],
    *,
    model: "VitModel | str | Path | Mapping[str, object]" = "deit_s",
    hw: "Hardware | str | Path | Mapping[str, object]" = "zcu102",
    engine: str | None = None,
    memory: str | None = None,
    profile: str = "paper",
    energy: str = "constant",
    scope: str = "encoders",
    gate: str = "entropy",
) -> Inference:
    """Return which hidden settings meet printed numbers, of how many that were tried.

    Parameters
    ----------
    claims : str, Path or mapping
        Printed numbers: a CSV file with columns quantity and value, and where wanted unit and tolerance; a sample's
        name; or a mapping quantity -> number. Quantities have the names and units of reports: delay (ms), energy (J),
        edp (J*ms; of a pair also edp_mean_of_images and edp_sum_of_efforts), power (W), fps (1/s), fps_per_watt (1/J),
        and in % of all work softmax_share, attention_mac_share, mlp_share, attention_share, or a module's, as
        qkt_share.
    vary : mapping
        Setting -> values, as the axes of a space state them: a list, {start, stop, step} or {start, stop, points}.
        Settings are the axes of spaces (``model.depth``, ``array.rows``, ``heads``, ``effort.low`` ...), ``memory``,
        ``profile``, ``energy``, ``scope``, ``gate``, and ``edp_definition``: what ``edp`` of a pair means, mean_image,
        mean_of_images or sum_of_efforts. ``effort.low_frac`` may be 'free': solved for, in all pairs.
    model, hw, engine, memory, profile, energy, scope, gate
        What is not varied, as ``simulate`` and ``combine`` take it.

    Returns
    -------
    Inference
        ``candidates`` (those that meet all cells first, then by the root mean square of their misses), ``fitting``,
        ``counted``, ``unmet`` (cells that no candidate meets), ``notes``, ``table()`` and ``to_dict()``.

    Raises
    ------
    InputError
        A claim, a setting or a value is not valid, or there are more than 20,000 combinations.

    Notes
    -----
    A value meets a cell where it rounds to the printed digits, or is cut to them. With F_L free, every quantity of a
    pair rises or falls with F_H = 1 - F_L (PIVOT, section 3.4), so each cell allows an interval, and a pair fits where
    they meet.

    Examples
    --------
    The depth behind a printed delay of DeiT-S, and the pair behind PIVOT's PVDS-50:

    >>> found = infer_settings({"delay": 59.66}, {"model.depth": [11, 12, 13]})
    >>> found.counted, found.best.settings
    ('1 of 3 tried meets all cells', {'model.depth': 12})
    >>> cells = {"delay": "48.47", "energy": "0.38", "edp_sum_of_efforts": "16.21"}
    >>> efforts = {"effort.low": list(range(1, 12)), "effort.high": list(range(2, 13)), "effort.low_frac": "free"}
    >>> found = infer_settings(cells, efforts, gate="none")
    >>> print(found.counted, found.best, sep="; ")
    1 of 66 tried meets all cells; effort.low 6, effort.high 12, effort.low_frac 0.7998..0.8001
    """
    spec = load_model(model)
    cells, said = read_cells(claims, spec.name)
    fixed = {"model": spec, "hw": hw, "profile": profile, "energy": energy, "scope": scope, "gate": gate}
    fixed |= {name: value for name, value in {"engine": engine, "memory": memory}.items() if value is not None}
    varied = check_varied(vary, fixed)
    runs = run_all(varied.space_of, varied.combinations)
    settings: list[dict[str, Any]] = [dict(one) for one in runs.settings]
    curves = {cell.quantity: _curve(cell.quantity, runs) for cell in cells}
    count, ranges = len(settings), []
    high_frac: FloatArray = np.zeros(count)
    if varied.is_free:
        allowed = solve(((curves[cell.quantity], cell.reach) for cell in cells), count)
        high_frac, ranges = allowed.nearest, list(_low_fractions(allowed))
        for one, frac in zip(settings, high_frac.tolist(), strict=True):
            one[LOW_FRAC] = 1 - frac
    elif varied.space.is_pair:
        high_frac = 1 - np.array([float({**varied.space.values, **one}[LOW_FRAC]) for one in settings])
    values = {quantity: curve(high_frac) for quantity, curve in curves.items()}
    left_out = {**({LOW_NOT_BELOW_HIGH: varied.left_out} if varied.left_out else {}), **runs.left_out}
    found = infer(cells, settings, values, ranges=ranges)
    notes = (
        *said,
        *_left_out(left_out),
        *_idle(varied.values, settings, values),
        *_constants(runs, settings, found, varied.values),
    )
    return found.with_notes(notes)


def _curve(quantity: str, runs: Runs) -> Curve:
    """Return a quantity of all combinations as a function of F_H; ``edp`` in each one's own definition."""
    pairs = runs.pairs
    chosen = [str(one.get(EDP, "mean_image")) for one in runs.settings]
    if quantity != "edp" or len(set(chosen)) == 1:
        name = EDPS[chosen[0]] if quantity == "edp" else quantity
        return lambda high_frac: QUANTITIES[name].value(pairs, high_frac)
    masks = {EDPS[one]: np.array([each == one for each in chosen]) for one in dict.fromkeys(chosen)}

    def mixed(high_frac: FloatArray) -> FloatArray:
        return np.select(list(masks.values()), [QUANTITIES[name].value(pairs, high_frac) for name in masks])

    return mixed


def _low_fractions(allowed: Allowed) -> Iterator[dict[str, tuple[float, float]]]:
    """Yield the values of F_L that each candidate may have, nothing where there is none."""
    for low, high, holds in zip(allowed.low.tolist(), allowed.high.tolist(), allowed.holds.tolist(), strict=True):
        yield {LOW_FRAC: (1 - high, 1 - low)} if holds else {}


def _left_out(reasons: Mapping[str, int]) -> Iterator[str]:
    for reason, number in reasons.items():
        yield f"left out, not tried: {counted(number, 'combination')}: {reason}"


def _idle(
    varied: Mapping[str, Sequence[Any]], settings: Sequence[Mapping[str, Any]], values: Mapping[str, FloatArray]
) -> Iterator[str]:
    """Yield a line per setting that changes none of the cells, whatever the others are."""
    rows = list(zip(*(column.tolist() for column in values.values()), strict=True))
    for name, stated in varied.items():
        if len(stated) < 2:
            continue
        seen: dict[tuple[Any, ...], Any] = {}
        keys = (tuple(value for other, value in one.items() if other not in (name, LOW_FRAC)) for one in settings)
        if all(seen.setdefault(key, row) == row for key, row in zip(keys, rows, strict=True)):
            yield f"{name}: changes none of these cells, so they say nothing of it"


def _constants(
    runs: Runs, settings: Sequence[Mapping[str, Any]], found: Inference, varied: Collection[str]
) -> tuple[str, ...]:
    """Return what stands behind the first candidate's numbers: constants that are marked and not varied, remarks."""
    reports = runs.reports[next(i for i, one in enumerate(settings) if one is found.best.settings)]
    lines = dict.fromkeys(line for report in reports for line in (*report.remarks, *report.notes))
    return tuple(line for line in lines if line.partition(":")[0] not in varied)
