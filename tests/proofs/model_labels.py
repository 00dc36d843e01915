"""Labels of public models' multiplications, written by hand from the models' own names of layers.

Model -> (pattern of the layer, label); the first pattern that matches counts, products of an attention itself (scores
and values, which have no weights) are `qkt` and `sv` everywhere.
"""

VIT = (
    (r"patch_embed\.proj", "patch_embed"), (r"attn\.qkv", "qkv"), (r"attn\.proj", "proj"), (r"mlp\.fc1", "fc1"),
    (r"mlp\.fc2", "fc2"), (r"head", "head"),
)  # fmt: skip
LABELS: dict[str, tuple[tuple[str, str], ...]] = {
    "timm:vit_base_patch14_reg4_dinov2": VIT,
    "timm:swin_tiny_patch4_window7_224": (*VIT, (r"downsample\.reduction", "patch_embed")),
    "timm:cait_s24_224": (
        (r"proj_[lw]", "other"), (r"attn\.q$", "q"), (r"attn\.k$", "k"), (r"attn\.v$", "v"),
        *VIT,
    ),
    "timm:levit_192": (
        (r"^stem\.", "patch_embed"), (r"attn_downsample\.kv|attn\.kv", "kv"), (r"\.q\.", "q"), (r"\.qkv\.", "qkv"),
        (r"(attn|attn_downsample)\.proj", "proj"), (r"mlp\.ln1", "fc1"), (r"mlp\.ln2", "fc2"), (r"^head", "head"),
    ),
    "timm:pvt_v2_b1": (
        (r"patch_embed\.proj|downsample\.proj", "patch_embed"), (r"attn\.q$", "q"), (r"attn\.kv", "kv"),
        (r"attn\.sr", "conv"), (r"dwconv", "conv"), *VIT,
    ),
    "timm:mvitv2_tiny": ((r"attn$", "other"), (r"pool", "conv"), (r"blocks\.\d+\.proj|blocks\.\d+\.shortcut_proj",
        "other"), *VIT),
    "hf:LlamaForCausalLM": (
        (r"q_proj", "q"), (r"k_proj", "k"), (r"v_proj", "v"), (r"o_proj", "proj"), (r"gate_proj", "gate"),
        (r"up_proj", "value"), (r"down_proj", "fc2"), (r"lm_head", "head"),
    ),
    "hf:SegformerModel": (
        (r"patch_embeddings", "patch_embed"), (r"attention\.self\.query|q_proj", "q"), (r"self\.key|k_proj", "k"),
        (r"self\.value|v_proj", "v"), (r"\.sr|sequence_reduction", "conv"), (r"attention\.output\.dense|o_proj",
            "proj"),
        (r"mlp\.(dense1|fc1)", "fc1"), (r"mlp\.(dense2|fc2)", "fc2"), (r"dwconv", "conv"),
    ),
}  # fmt: skip
SIZES = {  # config and input of models that have none of their own
    "timm:vit_base_patch14_reg4_dinov2": ("", (1, 3, 518, 518)),
    "hf:LlamaForCausalLM": ('{"num_hidden_layers": 4}', (1, 64)),
}
