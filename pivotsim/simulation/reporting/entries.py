"""Entries of a report: its form in JSON. A ``report`` is a Report, which imports this module."""

from typing import Any

from pivotsim.hardware.resources.device_fit import fit_to_dict
from pivotsim.simulation.reporting.shares import interval_entries, share_energy
from pivotsim.simulation.results import header


def report_entries(report: Any) -> dict[str, Any]:
    """Return a report as plain numbers and text; layers are broken down where the trace names them."""
    by_layer = {"breakdown_by_layer": report.breakdown("layer")} if any(row.layer for row in report.rows) else {}
    return {
        **header("run", report.input_hash),
        "workload": report.workload,
        "hardware": report.hardware,
        **report.options,
        "delay_ms": report.delay_ms,
        "energy_j": report.energy_j,
        **interval_entries(report.energy_interval),
        "edp_j_ms": report.edp_j_ms,
        "fps": report.fps,
        "fps_per_watt": report.fps_per_watt,
        "power_w": report.power_w,
        "delay_per_image_ms": report.delay_per_image_ms,
        "energy_per_image_j": report.energy_per_image_j,
        "latency_ms": report.latency_ms,
        "overlap_ms": report.overlap_ms,
        "pl_cycles": report.pl_cycles,
        "unit_cycles": report.unit_cycles,
        "pl_ms": report.pl_ms,
        "ps_ms": report.ps_ms,
        "macs": report.macs,
        "utilization_frac": report.utilization_frac,
        **fit_to_dict(report.fit),
        "remarks": list(report.remarks),
        "not_used": report.not_used,
        "breakdown": report.breakdown("module"),
        "breakdown_by_group": report.breakdown("group"),
        "breakdown_by_encoder": {str(k): v for k, v in report.breakdown("encoder").items()},
        **by_layer,
        "energy_breakdown": share_energy(report.energy_components_j, report.energy_remarks),
        "counts": report.counts.to_dict(),
        **report.details.to_dict(),
        "notes": list(report.notes),
    }
