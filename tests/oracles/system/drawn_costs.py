"""Costs at drawn constants, one draw at a time: the board is changed, and everything runs again."""

import itertools

import pivotsim as ps

POWERS = ("ps_idle_w", "ps_active_w", "pl_static_w", "pe_array_pj_per_mac", "sram_pj_per_byte", "dram_pj_per_byte")
DEFAULT = "power.activity.default."


def residual_w(hw):
    """What the fitted run's mean power leaves, term by term."""
    activity = hw.power.activity
    fitted, own = activity.fitted_on, activity.default
    watts = fitted.power_w - own.ps_idle_w - own.pl_static_w - own.ps_active_w * fitted.ps_core_ms / fitted.delay_ms
    for name, count in (("pe_array_pj_per_mac", fitted.macs), ("sram_pj_per_byte", fitted.sram_bytes),
                        ("dram_pj_per_byte", fitted.dram_bytes)):  # fmt: skip
        watts -= getattr(own, name) * 1e-12 * count / (fitted.delay_ms / 1000)
    return watts


def changed(hw, values, energy):
    """The board with the values of one draw; the periphery moves as its residual does."""
    moved = hw.replace(values)
    if energy == "activity" and any(DEFAULT + name in values for name in POWERS):
        watts = hw.power.activity.default.periphery_w + residual_w(moved) - residual_w(hw)
        moved = moved.replace({f"{DEFAULT}periphery_w": watts})
    return moved


def run(workload, hw, values, **options):
    """(delay_ms, energy_j, edp_j_ms) of one draw."""
    report = ps.simulate(workload, changed(hw, values, options.get("energy", "constant")), **options)
    return report.delay_ms, report.energy_j, report.edp_j_ms


def front_by_pairs(points, slack=0.0):
    """Which of some points no other one dominates: every pair compared, those within a relative slack being equal."""
    kept = []
    for i, p in enumerate(points):
        beaten = False
        for j, q in enumerate(points):
            no_worse = all(b <= a + slack * abs(a) for a, b in zip(p, q, strict=True))
            better = any(b < a - slack * abs(a) for a, b in zip(p, q, strict=True))
            beaten = beaten or (i != j and no_worse and better)
        kept.append(not beaten)
    return kept


def volume_by_cells(points, worst):
    """Hypervolume: every cell between neighbouring coordinates counts where some point is below it in all."""
    edges = [sorted({*(p[d] for p in points if p[d] < worst[d]), worst[d]}) for d in range(len(worst))]
    cells = [()]
    for each in edges:
        cells = [(*cell, (a, b)) for cell in cells for a, b in itertools.pairwise(each)]
    total = 0.0
    for cell in cells:
        if any(all(p[d] <= cell[d][0] for d in range(len(worst))) for p in points):
            size = 1.0
            for low, high in cell:
                size *= high - low
            total += size
    return total


def attained(draws, at, share):
    """The least y that a share of the draws has beside an x at most ``at``: by trying every y."""
    tried = sorted(y for draw in draws for _, y in draw)
    for y in tried:
        count = sum(any(a <= at and b <= y for a, b in draw) for draw in draws)
        if count >= share * len(draws) - 1e-9:
            return y
    return float("inf")
