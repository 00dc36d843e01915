"""What a model's file may leave out, and forms beyond DeiT's: rectangles, registers, RoPE, norms, pooling."""

import re
from pathlib import Path

import pytest

import pivotsim as ps
from pivotsim.io.documents import find
from pivotsim.io.yaml_reader import read_yaml
from pivotsim.models.spec import VitModel

SIZES = {"depth": 2, "width": 96, "heads": 3, "image_px": 64, "patch_px": 16}


def small(**values):
    return ps.load_model({**SIZES, **values})


def ops_of(model, kind, plan=None):
    return [op for op in ps.lower(plan or ps.plan(model), 2) if op.kind == kind]


def test_five_sizes_are_enough(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("".join(f"{name}: {value}\n" for name, value in SIZES.items()))
    model = ps.load_model(path)
    assert (model.name, model.description, model.source) == ("mine", "not stated", "not stated")
    assert (model.head_size, model.mlp_hidden, model.head_features) == (32, 384, 96)
    assert (model.channels, model.prefix_tokens, model.classes, model.tokens) == (3, 1, 1000, 17)
    path.write_text("base: deit_s\ndepth: 3\n")
    assert (ps.load_model(path).name, ps.load_model(path).depth) == ("mine", 3)


@pytest.mark.parametrize(
    ("width", "hidden"), [(1536, 4096), (384, 1024), (768, 2048), (96, 256), (100, 272), (50, 136)]
)
def test_a_gated_mlp_has_two_thirds(width, hidden):
    """DINOv2's rule, which gives EVA-02's sizes too."""
    assert hidden == (int(4 * width * 2 / 3) + 7) // 8 * 8
    assert small(width=width, heads=2, gated_mlp=True).mlp_hidden == hidden


def test_what_follows_follows_again():
    wider = small().replace({"width": 192})
    assert (wider.head_size, wider.mlp_hidden, wider.head_features) == (64, 768, 192)
    stated = small(mlp_hidden=100).replace({"width": 192}).replace({"depth": 1})
    assert (stated.head_size, stated.mlp_hidden) == (64, 100)
    assert small().replace({"gated_mlp": True}).mlp_hidden == 256


def test_hashes_of_models_that_state_nothing_new():
    """They hold the values of the file, as before the others were there."""
    stated = read_yaml(find("workloads", "model", "deit_s")).data
    assert ps.load_model("deit_s").described() == {**stated, "activation": "gelu"}
    changed = ps.load_model("deit_s").replace({"register_tokens": 4, "head_size": 32}).described()
    assert changed == {**stated, "activation": "gelu", "register_tokens": 4, "head_size": 32}


@pytest.mark.parametrize("image", ["640x480", "640 x 480", [640, 480], (640, 480)])
def test_rectangles(image):
    """Height first: 40 x 30 patches and the class token."""
    model = ps.load_model("deit_s").replace({"image_px": image})
    assert (model.image_px, model.image_sides, model.tokens) == ("640x480", (640, 480), 1201)
    encoders = ps.lower(ps.plan(model)).within("encoders").macs
    assert encoders == 12 * (1201 * 12 * 384**2 + 2 * 1201**2 * 384)
    assert small(image_px="64x64").image_px == small(image_px=[64, 64]).image_px == 64
    assert small(patch_px="16x8").patches == 4 * 8


def test_patches_that_do_not_tile():
    assert small(image_px="70x64", patch_edge="floor").patches == 4 * 4
    assert small(image_px="70x64", patch_edge="pad").patches == 5 * 4
    assert small(image_px=8, patch_edge="pad").patches == 1


def test_registers_have_no_position():
    """DINOv2 with registers in its own form has 1,370 positions, in timm's 1,369."""
    sizes = {"image_px": 518, "patch_px": 14, "register_tokens": 4, "layer_scale": True}
    model = ps.load_model("vit_b_16").replace(sizes)
    assert (model.tokens, model.positioned_tokens, model.parameters) == (1374, 1370, 87_351_784)
    bare = model.replace({"prefix_positions": False})
    assert (bare.positioned_tokens, bare.parameters) == (1369, 87_351_016)
    assert next(op.m for op in ops_of(model, "add")) == 2 * 1370


@pytest.mark.parametrize(
    ("method", "values"),
    [("evit", {"keep_rate": 0.5, "encoders": [1]}), ("tome", {"r": 3}), ("random", {"tokens": 7}), ("top_k", {"r": 4})],
)
def test_no_method_prunes_registers(method, values):
    """Four registers more leave four tokens more, wherever as many patches arrive."""
    with_registers, without = (
        ps.prune_tokens(ps.plan(small(image_px=160, register_tokens=count)), method,
                        **{**values, **({"tokens": 7 + count} if method == "random" else {})})
        for count in (4, 0)
    )  # fmt: skip
    for a, b in zip(with_registers.encoders, without.encoders, strict=True):
        assert (a.attention_tokens, a.mlp_tokens) == (b.attention_tokens + 4, b.mlp_tokens + 4)


def test_rope_turns_q_and_k_of_the_patches():
    model = small(positions="rope", register_tokens=2, head_size=20)
    rope = ops_of(model, "mul")
    assert [(op.encoder, op.module, op.elements) for op in rope] == [(i, "rope", 2 * 16 * 2 * 3 * 20) for i in (1, 2)]
    assert not any(op.module == "patch_embed" for op in ops_of(model, "add"))
    pruned = ps.prune_heads(ps.prune_tokens(ps.plan(model), "random", tokens=9), 2)
    assert [op.elements for op in ops_of(model, "mul", pruned)] == [2 * 6 * 2 * 2 * 20] * 2
    assert not ops_of(model, "mul", ps.skip_attention(ps.plan(model), active=[]))


def test_norms_of_q_and_k_and_of_the_mlp():
    plan = ps.prune_neurons(ps.prune_heads(ps.plan(small(qk_norm=True, mlp_norm=True)), {1: 2}), 0.5)
    norms = [(op.module, op.encoder, op.m, op.n) for op in ps.lower(plan) if op.module in ("qk_norm", "mlp_norm")]
    assert norms == [
        ("qk_norm", 1, 2 * 17 * 2, 32), ("mlp_norm", 1, 17, 192),
        ("qk_norm", 2, 2 * 17 * 3, 32), ("mlp_norm", 2, 17, 192)
    ]  # fmt: skip
    kept = {row.label: row.parameters_kept for row in ps.workload.footprint(plan).rows}
    assert (kept["qk_norm"], kept["mlp_norm"]) == (2 * 2 * 2 * 32, 2 * 2 * 192)


def test_heads_of_their_own_size():
    model = small(heads=5, head_size=40)
    gemms = {op.module: (op.m, op.k, op.n, op.repeats) for op in ops_of(model, "gemm") if op.encoder == 1}
    assert gemms["qkv"] == (34, 96, 600, 1)
    assert gemms["qkt"] == (17, 40, 17, 10)
    assert gemms["sv"] == (17, 17, 40, 10)
    assert gemms["proj"] == (34, 200, 96, 1)
    pruned = ps.prune_heads(ps.plan(model), 2)
    assert pruned.weight_sizes(pruned.encoders[0])["proj"] == (80, 96)


def test_pooling():
    """The class token's norm is on all tokens, that of an average on one row per image."""
    norms = {
        pool: [op.m for op in ops_of(small(pool=pool), "norm") if op.module == "head"] for pool in ("class", "average")
    }
    assert norms == {"class": [34], "average": [2]}
    assert [(op.m, op.n, op.repeats) for op in ops_of(small(pool="average", register_tokens=3), "pool")] == [
        (16, 96, 2)
    ]
    gemms = [op[3:7] for op in ops_of(small(pool="attention", prefix_tokens=0), "gemm") if op.module == "pool"]
    assert gemms == [
        (2, 96, 96, 1), (32, 96, 192, 1), (1, 32, 16, 6), (1, 16, 32, 6), (2, 96, 96, 1), (2, 96, 384, 1),
        (2, 384, 96, 1),
    ]  # fmt: skip


def test_footprint_of_attention_pooling():
    """Bytes of Q, K, V, projection and the two layers of the MLP; biases, the latent query and the norm beside them."""
    rows = {row.label: row for row in ps.workload.footprint(ps.plan(small(pool="attention"))).rows}
    weights = 4 * 96 * 96 + 2 * 96 * 384
    assert (rows["pool"].payload_bytes, rows["pool"].parameters_kept) == (weights, weights + 8 * 96 + 384)


def test_scores_of_the_class_token_need_one():
    with pytest.raises(ps.InputError, match="evit: scores by the class token's row, model has no prefix token"):
        ps.prune_tokens(ps.plan(small(prefix_tokens=0, register_tokens=4)), "evit", keep_rate=0.5, encoders=[1])


def test_forms_are_axes():
    """Either order of a rectangle is as many patches; a register is a token more."""
    axes = {"model.image_px": [64, "64x96", [96, 64]], "model.register_tokens": [0, 1]}
    found = ps.explore({"name": "s", "fixed": {"model": small().stated()}, "axes": axes})["pl_cycles"]
    whole = [
        [ps.simulate(ps.plan(small(image_px=px, register_tokens=n))).pl_cycles for n in (0, 1)] for px in (64, "64x96")
    ]
    assert found.tolist() == [*whole[0], *whole[1], *whole[1]]


@pytest.mark.parametrize("pool", ["class", "average", "attention"])
def test_no_head(pool):
    trace = ps.lower(ps.plan(small(classes=0, pool=pool)))
    assert trace.classes is None
    assert not [op for op in trace if op.module == "head" and op.kind == "gemm"]
    assert ps.lower(ps.plan(small(pool=pool))).classes == 1000
    low, high = (ps.simulate(ps.skip_attention(ps.plan(small(classes=0)), active=a)) for a in ([1], [1, 2]))
    with pytest.raises(ps.InputError, match="the trace has no head, so the number of classes is unknown") as error:
        ps.combine([low, high], [0.5, 0.5])
    assert len(error.value.problems) == 1


@pytest.mark.parametrize("name", ["eva02_b", "dinov3_s", "siglip_b", "dinov2_s_reg"])
def test_every_form_runs(name):
    """On boards of both kinds and behind memories, where they charge what is no GEMM."""
    model = ps.load_model(name).replace({"depth": 2})
    for hw, options in (("zcu102", {"profile": "full"}), ("zcu102", {"memory": "hw"}), ("u250_mpca", {})):
        report = ps.simulate(ps.plan(model), hw, scope="all", **options)
        assert report.delay_ms > 0
        if "profile" in options:
            modules = report.breakdown("module")
            assert ("rope" in modules, "pool" in modules) == (model.has_rope, model.pool != "class")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"classes": 1}, "classes: must be at least 2, or 0 for a model without head (got 1)"),
        ({"classes": 0, "aux_head": True}, "aux_head: needs classes, and there are none (got true)"),
        (
            {"head_size": 33, "positions": "rope"},
            "head_size: RoPE turns pairs of channels, so it must be even (got 33)",
        ),
        ({"width": 100}, "width: 100 is not a multiple of heads 3; state head_size, or other heads"),
        ({"width": 100, "head_size": 8, "pool": "attention"}, "width: 100 is not a multiple of heads 3"),
        ({"image_px": "8x64", "patch_edge": "floor"}, "image_px: 8x64 is smaller than a patch (got 16)"),
        ({"image_px": "64x0"}, "image_px: must be at least 1 (got '64x0')"),
        ({"image_px": "65537x1"}, "image_px: must be at most 65536 (got '65537x1')"),
        ({"patch_px": True}, "patch_px: must be an integer, or two as HEIGHTxWIDTH such as 480x640 (got true)"),
        (
            {"stem": "lvvit_4_2", "patch_edge": "pad"},
            "patch_edge: the stem lvvit_4_2 needs patches that tile the image",
        ),
        ({"num_reg_tokens": 4}, "num_reg_tokens: unknown key; the key is register_tokens"),
    ],
)
def test_refused(values, message):
    with pytest.raises(ps.InputError) as error:
        small(**values)
    assert [message in problem for problem in error.value.problems] == [True]


def test_the_page_lists_every_key_and_its_default():
    page = (Path(__file__).parents[3] / "docs" / "models.md").read_text()
    rows = [line.split("|")[1:4] for line in page.splitlines() if line.startswith("| `")]
    keys = {key: default.strip() for keys, default, _ in rows for key in re.findall(r"`(\w+)`", keys)}
    assert set(keys) == set(VitModel.model_fields)
    model, stated = small(), {*SIZES, "name", "description", "source"}
    follow = {"head_size": "width / heads", "mlp_hidden": "4 width", "head_features": "width"}
    for key, default in keys.items():
        value = getattr(model, key)
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        assert default == follow.get(key, shown) or key in stated


@pytest.mark.parametrize("number", [0, 1])
def test_files_of_the_page_are_models(number, tmp_path):
    page = (Path(__file__).parents[3] / "docs" / "models.md").read_text()
    path = tmp_path / "mine.yaml"
    path.write_text(re.findall(r"```yaml\n(.*?)```", page, re.S)[number])
    model = ps.load_model(path)
    assert (model.name, model.tokens) == [("mine", 197), ("mine", 30 * 40 + 1)][number]
