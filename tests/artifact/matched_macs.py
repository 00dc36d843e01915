"""Draws DeiT-S pruned by twelve methods to the same MACs, on three machines, into the folder where it runs."""

from pathlib import Path

import pivotsim as ps
from pivotsim.plots.papers.matched import matched_data, plot_matched
from pivotsim.workload.matching import matched_plans

BOARDS = {
    "input stationary, 64x36": "zcu102",
    "output stationary, 64x36": "zcu102_os",
    "MPCA (assumed sizes)": "u250_mpca",
}


def main(folder: Path) -> None:
    """Write matched_macs.png."""
    plan = ps.plan("deit_s")
    target = ps.lower(ps.prune_tokens(plan, "evit", keep_rate=0.7)).macs
    boards = {label: ps.load_hardware(name) for label, name in BOARDS.items()}
    plot_matched(matched_data(plan, matched_plans(plan, target), boards), folder)


if __name__ == "__main__":
    main(Path())
