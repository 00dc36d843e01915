"""Parameters and multiply-accumulates of models: torch's counts of timm's, and the oracle's of any."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.io.documents import available
from pivotsim.io.yaml_reader import parse_scalar
from tests.oracles.workload.vit_layers import layers, patches_of

DATA = Path(__file__).parents[2] / "data" / "timm_counts.csv"
NOT_IN_TIMM = ("digits_vit", "dinov2_g", "lvvit_m", "lvvit_s")  # tests/unit/models/test_spec.py has these
with DATA.open() as file:
    COUNTED = list(csv.DictReader(line for line in file if not line.startswith("#")))


def model_of(row):
    name, *settings = row["model"].split()
    pairs = [setting.split("=") for setting in settings]
    return ps.load_model(name).replace({key: parse_scalar(value) for key, value in pairs})


def test_every_model_is_counted():
    assert available("workloads") == sorted(
        [row["model"] for row in COUNTED if " " not in row["model"]] + [*NOT_IN_TIMM]
    )


@pytest.mark.parametrize("row", COUNTED, ids=[row["model"] for row in COUNTED])
def test_as_timm(row):
    """To the last one, patch embedding and head included; timm stretches 14 x 14 positions over a padded grid."""
    model = model_of(row)
    stretched = (15 * 15 - 14 * 14) * model.width if model.patch_edge == "pad" else 0
    assert model.parameters == int(row["parameters"]) + stretched
    assert ps.lower(ps.plan(model)).macs == int(row["macs"])
    assert row["input"] == "x".join(map(str, (1, model.channels, *model.image_sides)))


@pytest.mark.parametrize("row", COUNTED, ids=[row["model"] for row in COUNTED])
def test_footprint_has_every_parameter(row):
    total = ps.workload.footprint(ps.plan(model_of(row))).total
    assert total.parameters_dense == total.parameters_kept == model_of(row).parameters


@st.composite
def models(draw):
    """Values of a small model of any form; its sizes in pixels are pairs."""
    heads, sides = draw(st.integers(1, 4)), st.tuples(st.integers(8, 40), st.integers(8, 40))
    width = heads * draw(st.integers(1, 12))
    values = {
        "depth": draw(st.integers(1, 3)), "image_px": draw(sides), "channels": draw(st.integers(1, 4)),
        "patch_px": draw(st.tuples(st.integers(1, 8), st.integers(1, 8))),
        "patch_edge": draw(st.sampled_from(["floor", "pad"])), "prefix_tokens": draw(st.integers(0, 2)),
        "register_tokens": draw(st.integers(0, 4)), "prefix_positions": draw(st.booleans()), "width": width,
        "heads": heads, "head_size": 2 * draw(st.integers(1, 10)), "mlp_hidden": draw(st.integers(1, 40)),
        "positions": draw(st.sampled_from(["learned", "rope", "learned_rope", "none"])),
        "norm": draw(st.sampled_from(["layernorm", "rmsnorm"])), "classes": draw(st.sampled_from([0, 2, 10])),
        "pool": draw(st.sampled_from(["class", "average", "attention"])), "head_features": draw(st.integers(1, 30)),
        **{name: draw(st.booleans()) for name in (
            "gated_mlp", "qk_norm", "mlp_norm", "qkv_bias", "k_bias", "layer_scale", "aux_head")},
    }  # fmt: skip
    return {**values, "aux_head": values["aux_head"] and values["classes"] > 0}


@given(values=models())
def test_as_the_oracle(values):
    found = list(layers(values))
    model = ps.load_model(values)
    assert model.patches == patches_of(*values["image_px"], *values["patch_px"], values["patch_edge"])
    assert model.parameters == sum(layer.parameters for layer in found)
    assert ps.lower(ps.plan(model)).macs == sum(layer.macs for layer in found)
    assert ps.lower(ps.plan(model, qkv="separate"), 3).macs == 3 * sum(layer.macs for layer in found)
    for plan in (ps.plan(model), ps.plan(model, qkv="separate")):
        assert ps.workload.footprint(plan).total.parameters_kept == model.parameters
