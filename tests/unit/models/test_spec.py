"""Models: sizes, parameters and MACs against the published ones."""

import pytest

import pivotsim as ps

# published parameters (millions) and GMACs; LV-ViT counts its stem, DINOv2-G its encoders alone.
# LV-ViT-M: 12.7 GMACs as DynamicViT's tables give it; the 16.0 that is quoted as well does not belong to this
# definition (depth 20, width 512, MLP ratio 3), whose 55.8 M parameters do.
PUBLISHED = {
    "deit_t": (5.72, 1.26, 0.01),
    "deit_s": (22.05, 4.60, 0.01),
    "deit_b": (86.57, 17.56, 0.01),
    "vit_b_16": (86.57, 17.58, 0.01),
    "lvvit_s": (26.2, 6.6, 0.03),
    "lvvit_m": (55.8, 12.7, 0.03),
    "dinov2_g": (1130, 299.2, 0.01),
}


def test_the_model_of_the_digits_by_hand():
    """Encoder: qkv 32 x 96, proj 32 x 32, fc1 32 x 64, fc2 64 x 32, biases, two norms; then patch, position, head."""
    model = ps.load_model("digits_vit")
    encoder = 32 * 96 + 96 + 32 * 32 + 32 + 2 * (32 * 64) + 64 + 32 + 2 * 64
    assert (model.tokens, model.depth) == (17, 8)
    assert model.parameters == 8 * encoder + (4 * 32 + 32) + 32 + 17 * 32 + 2 * 32 + (32 * 10 + 10)


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_and_macs(name):
    model = ps.load_model(name)
    millions, gmacs, tolerance = PUBLISHED[name]
    assert model.parameters / 1e6 == pytest.approx(millions, rel=0.01)
    trace = ps.lower(ps.plan(model))
    counted = trace.within("encoders") if name == "dinov2_g" else trace
    assert counted.macs / 1e9 == pytest.approx(gmacs, rel=tolerance)


@pytest.mark.parametrize("name", PUBLISHED)
def test_macs_from_the_shapes(name):
    """The trace's encoders against the closed count: 4 d^2 + 2 t d per token of attention, 2 or 3 d h of MLP."""
    model = ps.load_model(name)
    t, d, hidden = model.tokens, model.width, model.mlp_hidden
    per_encoder = t * 4 * d * d + 2 * t * t * d + t * d * hidden * (3 if model.gated_mlp else 2)
    assert ps.lower(ps.plan(model)).within("encoders").macs == model.depth * per_encoder


def test_tokens():
    assert {name: ps.load_model(name).tokens for name in PUBLISHED} == {
        **dict.fromkeys(PUBLISHED, 197),
        "dinov2_g": 257,
    }


def test_the_stem_of_lvvit_is_four_im2col_gemms():
    ops = [op for op in ps.lower(ps.plan("lvvit_s")) if op.module == "patch_embed" and op.kind == "gemm"]
    shapes = [(op.m, op.k, op.n) for op in ops]
    assert shapes == [(12544, 147, 64), (12544, 576, 64), (12544, 576, 64), (196, 4096, 384)]
    stem = ps.simulate(ps.plan("lvvit_s"), scope="all").breakdown("module")["patch_embed"]["delay_ms"]
    assert stem == pytest.approx(14.9, abs=0.05)


def test_the_second_head_of_lvvit_sees_the_patches():
    heads = [(op.m, op.k, op.n) for op in ps.lower(ps.plan("lvvit_s"), 2) if op.module == "head" and op.kind == "gemm"]
    assert heads == [(2, 384, 1000), (2 * 196, 384, 1000)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"image_px": 225},
            "image_px: 225 is not a multiple of patch_px 16; patch_edge floor drops what is left, pad fills it up",
        ),
        ({"heads": 5}, "width: 384 is not a multiple of heads 5"),
        ({"stem": "lvvit_4_2", "patch_px": 7, "image_px": 224}, "patch_px: 7 is odd"),
        ({"depht": 3}, "depht: unknown key, nearest valid name: 'depth'"),
        ({"depth": 12.5}, "depth: must be an integer (got 12.5)"),
        ({"gated_mlp": "no"}, "gated_mlp: must be true or false (got 'no'); write true or false"),
    ],
)
def test_wrong_sizes(changes, message):
    with pytest.raises(ps.InputError) as error:
        ps.load_model("deit_s").replace(changes)
    assert message in str(error.value)
