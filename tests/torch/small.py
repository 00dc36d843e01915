"""Small models of every form, quick to run and to compute by hand."""

import pivotsim as ps

REASON = "torch is not installed; make test-torch runs these"

PLAIN = ps.load_model("deit_s").replace(
    {"name": "small", "depth": 3, "image_px": 16, "patch_px": 4, "channels": 2, "width": 12, "heads": 3,
     "mlp_hidden": 20, "classes": 5, "head_features": 12}
)  # fmt: skip
FORMS = {
    "plain": PLAIN,
    "relu": PLAIN.replace({"activation": "relu"}),
    "no bias": PLAIN.replace({"qkv_bias": False}),
    "distilled": PLAIN.replace({"prefix_tokens": 2}),
    "registers": PLAIN.replace({"prefix_tokens": 4}),
    "no prefix": PLAIN.replace({"prefix_tokens": 0}),
    "narrow": PLAIN.replace({"width": 6, "head_features": 6}),
    "dinov2": PLAIN.replace({"gated_mlp": True, "layer_scale": True, "head_features": 24}),
    "lvvit": PLAIN.replace({"stem": "lvvit_4_2", "qkv_bias": False, "aux_head": True, "channels": 3}),
}
