"""What a mean image prints: its tables, and its form in JSON. A ``mix`` is a MixedReport, which imports this module."""

from collections.abc import Iterator
from typing import Any

from pivotsim.hardware.resources.device_fit import fit_to_dict
from pivotsim.simulation.reporting.shares import interval_entries, share_energy
from pivotsim.simulation.reporting.summary import fits_row, result_tables, said_lines
from pivotsim.simulation.results import header
from pivotsim.tables import Table, number, percent


def mixed_tables(mix: Any, *, full: bool) -> Iterator[Table]:
    """Yield efforts, totals and modules; ``full`` adds the notes."""
    first = mix.efforts[0].report
    said = ", ".join(f"{name} {first.options[name]}" for name in ("engine", "memory", "profile", "scope"))
    yield Table(
        f"{len(mix.efforts)} efforts on {first.hardware} ({said}, gate {mix.gate})",
        ("effort", "run it", "leave there", "delay, ms", "energy, J"),
        [
            (e.report.workload, percent(e.reach_frac), percent(e.exit_frac), number(e.delay_ms),
             number(e.energy_j, 4))
            for e in mix.efforts
        ],
        (1, 2, 3, 4),
    )  # fmt: skip
    rows = (
        ("delay", number(mix.delay_ms), "ms", f"entropy gates {number(mix.gate_ms, 3)}"),
        ("energy", number(mix.energy_j, 4), "J", f"rule {first.options['energy']}"),
        ("EDP, mean image", number(mix.edp_j_ms), "J*ms", "mean energy * mean delay"),
        ("EDP, mean of images", number(mix.edp_mean_of_images_j_ms), "J*ms", "each image's own product"),
        ("EDP, sum of efforts", number(mix.edp_sum_of_efforts_j_ms), "J*ms", "as PIVOT's Table 2 prints it"),
        ("FPS/W", number(mix.fps_per_watt), "1/J", ""),
        fits_row(mix.fit),
    )
    yield Table("", ("mean image", "value", "unit", ""), rows, (1,), said_lines(mix))
    yield from result_tables(mix, full=full)


def mixed_entries(mix: Any) -> dict[str, Any]:
    """Return a mean image as plain numbers and text."""
    first = mix.efforts[0].report
    return {
        **header("combine", mix.input_hash),
        "workload": " -> ".join(e.report.workload for e in mix.efforts),
        "hardware": first.hardware,
        **first.options,
        "gate": mix.gate,
        "gate_ms": mix.gate_ms,
        "exit_fractions": [e.exit_frac for e in mix.efforts],
        "delay_ms": mix.delay_ms,
        "energy_j": mix.energy_j,
        **interval_entries(mix.energy_interval),
        "edp_j_ms": mix.edp_j_ms,
        "edp_mean_of_images_j_ms": mix.edp_mean_of_images_j_ms,
        "edp_sum_of_efforts_j_ms": mix.edp_sum_of_efforts_j_ms,
        "fps_per_watt": mix.fps_per_watt,
        "power_w": mix.power_w,
        "overlap_ms": mix.overlap_ms,
        "mean_pl_cycles": mix.mean_pl_cycles,
        "ps_ms": mix.ps_ms,
        "breakdown": mix.breakdown("module"),
        "breakdown_by_group": mix.breakdown("group"),
        "breakdown_by_encoder": {str(k): v for k, v in mix.breakdown("encoder").items()},
        "energy_breakdown": share_energy(mix.energy_components_j, mix.energy_remarks),
        **fit_to_dict(mix.fit),
        "remarks": list(mix.remarks),
        "not_used": mix.not_used,
        "per_effort": [e.to_dict() for e in mix.efforts],
        "notes": list(mix.notes),
    }
