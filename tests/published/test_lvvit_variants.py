"""LV-ViT-S: the variants that were tried, and which printed cells each meets."""

import dataclasses

import pytest

import pivotsim as ps
from pivotsim.published.base.claims import load_claims, load_table
from pivotsim.published.pivot.lvvit_variants import FIGURES, TABLE, name_of, search_variants, variant_report

RELEASED = "released model: MLP ratio 3 and 16 encoders"


@pytest.fixture(scope="module")
def found():
    return search_variants(load_claims(), ps.load_hardware("zcu102"))


def test_table_3_and_the_figures_are_met_by_different_variants(found):
    assert found.tried == len(load_table("pivot/lvvit_variants.csv")) >= 30
    assert found.meeting(TABLE) == ["MLP ratio 4"]
    assert RELEASED in found.meeting(FIGURES) and "17 encoders" in found.meeting(FIGURES)
    assert not any("MLP ratio 4" in found.meeting([name]) for name in FIGURES)
    assert found.meeting((*TABLE, *FIGURES)) == []


def test_17_encoders_alone_are_near_everything(found):
    assert found.is_near == ["17 encoders"]
    values = found.near.best.values
    assert values["delay"] / 79.55 - 1 == pytest.approx(0.0052, abs=5e-5)
    printed = {"attention_share": 81.9, "softmax_share": 63, "attention_mac_share": 19, "mlp_share": 18}
    assert all(abs(values[name] - number) < 0.7 for name, number in printed.items())
    line = f"1 of {found.tried} variants tried: all cells within 0.6 % of delay and energy and 0.7 points of all shares"
    assert f"{line}: 17 encoders; nothing else supports it" in found.lines()


def test_a_variant_is_what_simulate_gives(found):
    model = ps.load_model("lvvit_s").replace({"mlp_hidden": 1536})
    report = ps.simulate(ps.plan(model))
    assert report.delay_ms == pytest.approx(79.5465, abs=5e-5) and round(report.energy_j, 4) == 0.63
    again = variant_report("MLP ratio 4", ps.load_hardware("zcu102"))
    listed = next(one for one in found.near.candidates if name_of(one) == "MLP ratio 4")
    assert again.delay_ms == report.delay_ms == listed.values["delay"]
    with_stem = next(one for one in found.near.candidates if name_of(one) == "stem and heads charged")
    assert with_stem.values["delay"] == ps.simulate(ps.plan("lvvit_s"), scope="all").delay_ms


def test_another_print_is_met_by_another_variant():
    claims = [
        dataclasses.replace(c, text={"delay": "79.96", "energy": "0.633"}[c.quantity])
        if c.id in ("table3.lvvit_s.delay", "table3.lvvit_s.energy") else c
        for c in load_claims()
    ]  # fmt: skip
    found = search_variants(claims, ps.load_hardware("zcu102"))
    assert found.of_table == "17 encoders"
    assert not any("two runs" in line for line in found.lines())


def test_where_no_variant_is_near_none_is_called_unsupported():
    claims = [dataclasses.replace(c, text="200") if c.id == "table3.lvvit_s.delay" else c for c in load_claims()]
    found = search_variants(claims, ps.load_hardware("zcu102"))
    assert found.near_text.startswith("no variant within 0.6 %") and found.near_text.endswith(f"of {found.tried} tried")
    assert not any("nothing else supports it" in line for line in found.lines())
