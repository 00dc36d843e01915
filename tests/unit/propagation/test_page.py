"""The numbers of docs/uncertainty.md."""

import re
from pathlib import Path

import pytest

import pivotsim as ps
from pivotsim.propagation.variance import noise_floor
from pivotsim.tables import figures

PAGE = " ".join((Path(__file__).parents[3] / "docs" / "uncertainty.md").read_text().split())
GELU, SOFTMAX = ("host.full.gelu.cycles_per_element", "host.full.softmax.cycles_per_element")
DRAM, SRAM = ("power.activity.default.dram_pj_per_byte", "power.activity.default.sram_pj_per_byte")


def whole(share):
    return f"{100 * share:.0f} %"


def test_the_run():
    found = ps.uncertainty(ps.plan("deit_s"), draws=1000, profile="full", energy="activity")
    for name, outcome, unit in (("delay", "delay_ms", "ms"), ("energy", "energy_j", "J")):
        cells = [found.value(outcome), *(found.quantile(outcome, q) for q in (0.5, 0.025, 0.975))]
        assert f"| {name} | {' | '.join(map(figures, cells))} | {unit} |" in PAGE
    shares = found.shares["delay_ms"]
    assert f"GELU's cost per element explains {whole(shares[GELU])} of the delay's variance" in PAGE
    assert f"Softmax explains {whole(shares[SOFTMAX])}, and no other constant more than 1.1 %" in PAGE
    assert max(share for path, share in shares.items() if path not in (GELU, SOFTMAX)) < 0.011
    assert sum(shares.values()) == pytest.approx(1, abs=1e-9)
    rest = 1 - sum(found.shares["energy_j"].values())
    assert f"{100 * rest:.1f} % in this energy" in PAGE
    assert round(100 * noise_floor(1000), 1) == 1.1
    paper = ps.uncertainty(ps.plan("deit_s"), draws=1000)
    ends = " to ".join(figures(end) for end in paper.interval("delay_ms"))
    assert f"{paper.report.delay_ms:.2f} ms with {ends} ms around it" in PAGE


def test_the_front():
    found = ps.front_uncertainty("zcu102_energy", ["dsp", "energy_j"], draws=1000)
    own = int(found.designs["on_own_front"].sum())
    assert f"{len(found.table):,} arrays within the DSPs and block RAMs of the ZCU102" in PAGE
    assert f"leaves {len(found.own)} to weigh" in PAGE
    assert f"- {own} designs are on the front at the board's own values; {len(found.staying)} are on it in 90 %" in PAGE
    assert f"{len(found.designs)} are on it in some draw" in PAGE
    assert found.next_measurement == (DRAM, found.shares["front"][DRAM])
    assert f"explains {whole(found.shares['front'][DRAM])} of which designs" in PAGE
    assert f"an SRAM byte {whole(found.shares['front'][SRAM])}" in PAGE
    of_energy = found.shares["energy_j of the knee"]["host.paper.softmax.cycles_per_element"]
    assert f"Softmax, which explains {whole(of_energy)} of how large the energy is" in PAGE
    assert found.shares["front"]["host.paper.softmax.cycles_per_element"] < noise_floor(1000)
    delays = ps.front_uncertainty("zcu102_energy", ["dsp", "delay_ms"], draws=50)
    assert (delays.is_on == delays.is_on[0]).all()


def test_the_place_of_softmax():
    small = {"units.softmax.elements_per_clock": 1, "host.cores": 4, "host.multicore_efficiency_frac": 0.9}
    space = {"name": "place", "fixed": {"profile": "full", "set": small}, "axes": {"placement.softmax": ["ps", "pl"]}}
    found = ps.front_uncertainty(space, ["delay_ms"], draws=1000)
    shares = dict(zip(found.designs["placement.softmax"].tolist(), found.designs["front_share"], strict=True))
    assert f"in {whole(shares['ps'])} of the draws, the unit in {whole(shares['pl'])}" in PAGE
    assert f"explains {whole(found.shares['front'][SOFTMAX])} of that" in PAGE


def test_ranges_of_the_text():
    hw = ps.load_hardware("zcu102")
    assert hw.ranges[GELU] == (1.7, 152.0) and hw.power.activity.default.dram_pj_per_byte == 160
    assert max(high / low for low, high in hw.ranges.values() if low) == pytest.approx(93.3, abs=0.1)
    assert re.search(r"factors of up to 93\b", PAGE)
