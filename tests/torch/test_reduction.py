"""Token reductions: the oracle's tokens, published token counts, one method at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pivotsim as ps
from tests.oracles.workload import token_reduction as oracle
from tests.oracles.workload import vit_forward
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from pivotsim.vit_torch.measuring.plan_extraction import extract_plan
from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.reducers import reduction
from pivotsim.vit_torch.reducers.dropping import Evit, SingleLayer, TopK
from pivotsim.vit_torch.reducers.head_selecting import HeadSelector
from pivotsim.vit_torch.reducers.merging import MergePairs
from pivotsim.vit_torch.reducers.selecting import Predictor
from tests.torch.test_importance import drawn, tensors_of
from tests.torch.test_plan_application import counted_macs
from tests.torch.test_transformer import arrays, images_of, randomised

SIZES = {
    "prefix": st.integers(0, 3),
    "patches": st.integers(1, 12),
    "removed": st.integers(0, 14),
    "seed": st.integers(0, 9999),
}


def case(seed, prefix, patches):
    """Tokens (2, N, 4) and the tensors of a random attention of two heads."""
    tokens = prefix + patches
    x = np.random.default_rng(seed + 1).standard_normal((2, tokens, 4))
    return x, tensors_of(*drawn(seed, 2, 2, tokens, 3))


def same(got, wanted):
    np.testing.assert_allclose(got, np.array(wanted), rtol=1e-12, atol=1e-12)


@given(**SIZES)
def test_single_layer_is_the_oracle(prefix, patches, removed, seed):
    x, tensors = case(seed, prefix, patches)
    scores = oracle.importance(tensors.attention.numpy(), tensors.value.numpy(), prefix)
    y, sizes = SingleLayer(removed, prefix, "image")(torch.as_tensor(x), None, tensors)
    same(y, [oracle.single_layer(image, s, prefix, removed) for image, s in zip(x, scores, strict=True)])
    acts = removed > 0 and prefix + patches - removed - 1 - prefix > prefix
    assert y.shape[1] == prefix + patches - (removed if acts else 0) and sizes is None


@given(**SIZES)
def test_top_k_is_the_oracle(prefix, patches, removed, seed):
    x, tensors = case(seed, prefix, patches)
    y, _ = TopK(removed, prefix)(torch.as_tensor(x), None, tensors)
    pairs = zip(x, tensors.attention.numpy(), strict=True)
    same(y, [oracle.top_k(image, oracle.class_row(a, prefix), prefix, removed) for image, a in pairs])


@given(
    prefix=st.integers(1, 2),
    patches=st.integers(1, 12),
    percent=st.integers(1, 100),
    fuse=st.booleans(),
    seed=st.integers(0, 999),
)
def test_evit_is_the_oracle(prefix, patches, percent, fuse, seed):
    x, tensors = case(seed, prefix, patches)
    y, _ = Evit(percent / 100, prefix, fuse)(torch.as_tensor(x), None, tensors)
    pairs = zip(x, tensors.attention.numpy(), strict=True)
    same(y, [oracle.evit(image, oracle.class_row(a, prefix), prefix, percent / 100, fuse) for image, a in pairs])


@given(**SIZES, sized=st.booleans())
def test_merging_is_the_oracle(prefix, patches, removed, seed, sized):
    x, tensors = case(seed, prefix, patches)
    sizes = np.random.default_rng(seed).integers(1, 5, x.shape[:2]).astype(float) if sized else np.ones(x.shape[:2])
    y, out = MergePairs(removed, prefix)(torch.as_tensor(x), torch.as_tensor(sizes) if sized else None, tensors)
    keys = tensors.key.numpy()
    wanted = [oracle.merge_pairs(*image, prefix, removed) for image in zip(x, sizes, keys, strict=True)]
    same(y, [tokens for tokens, _ in wanted])
    same(np.ones(y.shape[:2]) if out is None else out, [merged for _, merged in wanted])


def test_equal_scores_keep_the_earlier_token():
    tensors = tensors_of(*np.zeros((3, 1, 2, 9, 3)))
    x = torch.arange(9.0).reshape(1, 9, 1)
    assert SingleLayer(3, 1, "image")(x, None, tensors)[0].ravel().tolist() == [0, 1, 2, 3, 4, 6.5]
    assert TopK(3, 1)(x, None, tensors)[0].ravel().tolist() == [0, 1, 2, 3, 4, 5]


def test_the_predictor_keeps_what_its_formula_says():
    x = torch.randn(2, 10, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    predictor = Predictor(4, 8, 1).double()
    w = {name: values.numpy() for name, values in predictor.state_dict().items()}
    y = predictor(x, None, None)[0]
    for image, kept in zip(x.numpy(), y.detach().numpy(), strict=True):
        local = vit_forward.norm(image[1:], w["local.0.weight"], w["local.0.bias"], eps=1e-5)
        local = vit_forward.gelu(local @ w["local.1.weight"].T + w["local.1.bias"])
        local[:, 4:] = local[:, 4:].mean(0)
        for i in (0, 2):
            local = vit_forward.gelu(local @ w[f"score.{i}.weight"].T + w[f"score.{i}.bias"])
        odds = local @ w["score.4.weight"].T + w["score.4.bias"]
        order = oracle.ranked(list(odds[:, 0] - odds[:, 1]))
        np.testing.assert_allclose(kept, np.array([image[0], *(image[1 + j] for j in order[:4])]))


def test_the_head_selector_keeps_and_packs_what_its_formula_says():
    x = torch.randn(2, 10, 24, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    selector = HeadSelector(4, 24, 3, 1).double()
    w = {name: values.numpy() for name, values in selector.state_dict().items()}

    def layer(name, values):
        return values @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    y = selector(x, None, None)[0]
    for image, kept in zip(x.numpy(), y.detach().numpy(), strict=True):
        stays, means = np.zeros((9, 3)), np.zeros((9, 3))
        for head in range(3):
            part = image[1:, 8 * head : 8 * head + 8]
            own = vit_forward.gelu(layer("local.0", part))
            features = np.concatenate([own, np.tile(own.mean(0), (9, 1))], axis=1)
            hidden = vit_forward.gelu(layer("score.2", vit_forward.gelu(layer("score.0", features))))
            stays[:, head] = vit_forward.softmax(layer("score.4", hidden))[:, 0]
            means[:, head] = part.mean(1)
        weights = 1 / (1 + np.exp(-layer("weight.2", vit_forward.gelu(layer("weight.0", means)))))
        scores = (stays * weights).sum(1) / weights.sum(1)
        order = oracle.ranked(list(scores))
        package = sum(scores[j] * image[1 + j] for j in order[4:]) / sum(scores[j] for j in order[4:])
        np.testing.assert_allclose(kept, np.array([image[0], *(image[1 + j] for j in order[:4]), package]))


def test_macs_of_the_head_selector_are_its_formulas():
    model = PLAIN.replace({"width": 24, "head_features": 24, "heads": 2})
    vit = build_vit(model)
    reduction.select_tokens_by_head(vit, keep_rates=[0.5], encoders=[2])
    heads, d, tokens = 2, 12, 16
    own = tokens * (heads * (d * d + d * d // 8 + d // 2) + heads * heads)
    assert counted_macs(vit, 1) - ps.lower(extract_plan(vit)).macs == own


# -- on a ViT -----------------------------------------------------------------------------------------------
def seen_tokens(vit):
    """(attention, MLP) tokens of every encoder in one pass; attention None where skipped."""
    attention, mlp = {}, {}
    for i, block in enumerate(vit.blocks):
        block.attn.register_forward_hook(lambda _, inputs, out, i=i: attention.__setitem__(i, inputs[0].shape[1]))
        block.mlp.register_forward_hook(lambda _, inputs, out, i=i: mlp.__setitem__(i, inputs[0].shape[1]))
    model = vit.model
    with torch.no_grad():
        vit(torch.zeros(1, model.channels, model.image_px, model.image_px))
    return [(attention.get(i), mlp[i]) for i in range(model.depth)]


def deep(name):
    """A narrow model of the depth and the tokens of a published one: counts do not depend on width."""
    narrow = {"width": 8, "heads": 2, "mlp_hidden": 4, "classes": 2, "head_features": 8}
    return build_vit(ps.load_model(name).replace(narrow))


def falling(start, removed, count):
    return [start - removed * (i + 1) for i in range(count)]


@pytest.mark.parametrize(
    ("name", "method", "arguments", "mlp_tokens"),
    [
        ("deit_s", "prune_single", {"encoder": 4, "removed": 69}, [197] * 3 + [128] * 9),
        ("deit_s", "prune_single", {"encoder": 4, "removed": 0}, [197] * 12),
        ("deit_s", "prune_single", {"encoder": 4, "removed": 193}, [197] * 3 + [4] * 9),
        ("deit_s", "prune_single", {"encoder": 4, "removed": 194}, [197] * 12),
        ("deit_s", "prune_top_k", {"removed": 6}, falling(197, 6, 12)),
        ("deit_s", "prune_top_k", {"removed": 15}, falling(197, 15, 12)),
        ("deit_s", "merge_tokens", {"removed": 6}, falling(197, 6, 12)),
        ("deit_s", "merge_tokens", {"removed": 17}, [*falling(197, 17, 10), 14, 8]),
        ("deit_s", "prune_evit", {"keep_rate": 0.7, "fuse": False}, [197] * 3 + [139] * 3 + [98] * 3 + [69] * 3),
        ("deit_s", "prune_evit", {"keep_rate": 0.7}, [197] * 3 + [140] * 3 + [100] * 3 + [72] * 3),
        ("deit_s", "prune_evit", {"keep_rate": 0.5}, [197] * 3 + [100] * 3 + [52] * 3 + [28] * 3),
        ("deit_s", "select_tokens", {"keep_rate": 0.7}, [197] * 3 + [138] * 3 + [97] * 3 + [68] * 3),
        ("deit_s", "select_tokens_by_head", {}, [197] * 3 + [120] * 3 + [53] * 3 + [28] * 3),
        ("dinov2_g", "prune_single", {"encoder": 10, "removed": 193}, [257] * 9 + [64] * 31),
        ("dinov2_g", "prune_top_k", {"removed": 8}, [*falling(257, 8, 31), *[9] * 9]),
        ("dinov2_g", "merge_tokens", {"removed": 8}, [*falling(257, 8, 31), 5, 3, *[2] * 7]),
    ],
)  # fmt: skip
def test_published_token_counts(name, method, arguments, mlp_tokens):
    vit = deep(name)
    getattr(reduction, method)(vit, **arguments)
    seen = seen_tokens(vit)
    assert [mlp for _, mlp in seen] == mlp_tokens
    whole_block = method.startswith("select_tokens")
    assert [a for a, _ in seen] == (mlp_tokens if whole_block else [vit.model.tokens, *mlp_tokens[:-1]])


@pytest.mark.parametrize("form", ["plain", "registers", "dinov2"])
def test_single_layer_pruning_inside_a_model(form):
    model = FORMS[form]
    vit, images, p = randomised(model), images_of(model), model.prefix_tokens
    reduction.prune_single(vit, encoder=2, removed=5)

    def cut(encoder, place, x, qkv):
        if (encoder, place) != (2, "between"):
            return x
        attention = oracle.attention_of(*qkv[:2])
        return oracle.single_layer(x, oracle.importance([attention], [qkv[2]], p)[0], p, 5)

    with torch.no_grad():
        logits = vit(images).numpy()
    wanted = [vit_forward.logits(arrays(vit), model, image, cut=cut) for image in images.numpy()]
    np.testing.assert_allclose(logits, wanted, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("fused", [True, False])
def test_merged_tokens_weigh_as_many_as_they_stand_for(fused):
    """Attention over merged tokens is attention over copies, as log(size) in the scores promises."""
    attn = randomised(PLAIN).blocks[0].attn
    attn.fused = fused
    x = torch.randn(1, 4, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    sizes = torch.tensor([[1.0, 3.0, 1.0, 2.0]], dtype=torch.float64)
    with torch.no_grad():
        copies = attn(x[:, [0, 1, 1, 1, 2, 3, 3]])[:, [0, 1, 4, 5]]
        torch.testing.assert_close(attn(x, sizes), copies)


def test_sizes_reach_the_next_attention():
    vit, images = randomised(PLAIN), images_of(PLAIN)
    reduction.merge_tokens(vit, removed=4, encoders=[1])
    given = []
    vit.blocks[1].attn.register_forward_pre_hook(lambda _, inputs: given.append(inputs[1]))
    with torch.no_grad():
        vit(images)
    assert given[0].shape == (2, 13) and given[0].sum(1).tolist() == [17, 17] and given[0].max() > 1


def test_reduction_and_skipped_attention_compose():
    vit = build_vit(PLAIN)
    apply_plan(vit, ps.skip_attention(ps.plan(PLAIN), active=[1, 3]))
    with pytest.raises(ps.InputError, match=r"encoders: the attention that scores tokens is skipped \(got a list"):
        reduction.prune_top_k(vit, removed=2)
    reduction.prune_top_k(vit, removed=2, encoders=[1, 3])
    assert seen_tokens(vit) == [(17, 15), (None, 15), (15, 13)]


def test_random_predictors_leave_torchs_generator_alone():
    before = torch.random.get_rng_state()
    pair = [build_vit(PLAIN), build_vit(PLAIN)]
    for vit in pair:
        reduction.select_tokens(vit, keep_rate=0.5, encoders=[2], seed=3)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(*(vit.state_dict()["blocks.1.before.local.1.weight"] for vit in pair))


@pytest.mark.parametrize(
    ("form", "method", "arguments", "problem"),
    [
        ("plain", "prune_single", {"encoder": 0, "removed": 1}, "encoder: must be at least 1"),
        ("plain", "prune_single", {"encoder": 4, "removed": 1}, "encoder: must be at most 3"),
        ("plain", "prune_single", {"encoder": 1, "removed": -1}, "removed: must be at least 0"),
        ("plain", "prune_single", {"encoder": 1, "removed": 1, "normalisation": "max"}, "normalisation: must be one"),
        ("plain", "prune_top_k", {"removed": 1.5}, "removed: must be an integer"),
        ("plain", "merge_tokens", {"removed": 1, "encoders": "1"}, "encoders: must be a list"),
        ("plain", "prune_evit", {"keep_rate": 0, "encoders": [1]}, "keep_rate: must lie above 0"),
        ("plain", "prune_evit", {"keep_rate": 1.01, "encoders": [1]}, "keep_rate: must lie above 0"),
        ("plain", "prune_evit", {"keep_rate": 0.5, "fuse": "no", "encoders": [1]}, "fuse: must be true or false"),
        ("plain", "prune_evit", {"keep_rate": 0.5}, "encoder: must be at most 3"),
        ("plain", "select_tokens", {"keep_rate": 0.1, "encoders": [1, 2]}, "keep_rate: leaves no patch"),
        ("plain", "select_tokens_by_head", {"keep_rates": [0.5], "encoders": [1, 2]}, "keep_rates: must be one per"),
        ("plain", "select_tokens_by_head", {"keep_rates": 0.5, "encoders": [1]}, "keep_rates: must be a list"),
        ("plain", "select_tokens_by_head", {"keep_rates": [2.0], "encoders": [1]}, "keep_rate: must lie above 0"),
        ("plain", "select_tokens_by_head", {"keep_rates": [0.5], "encoders": [1], "seed": -1}, "seed: must be"),
        ("narrow", "select_tokens_by_head", {"keep_rates": [0.5], "encoders": [1]}, "channels per head that 4 divides"),
        ("narrow", "select_tokens", {"keep_rate": 0.5, "encoders": [1]}, "needs a width that 4 divides"),
        ("no prefix", "prune_top_k", {"removed": 1}, "Top-K scores by the class token, and small has none"),
        ("no prefix", "prune_evit", {"keep_rate": 0.5, "encoders": [1]}, "EViT scores by the class token"),
    ],
)  # fmt: skip
def test_bad_input(form, method, arguments, problem):
    vit = build_vit(FORMS[form])
    with pytest.raises(ps.InputError, match=problem):
        getattr(reduction, method)(vit, **arguments)
    assert all(block.before is None and block.between is None for block in vit.blocks)


def test_one_method_at_a_time():
    vit = build_vit(PLAIN)
    reduction.prune_top_k(vit, removed=2)
    with pytest.raises(ps.InputError, match="vit: has a token reduction already"):
        reduction.merge_tokens(vit, removed=2)
    apply_plan(vit, ps.plan(PLAIN))
    reduction.merge_tokens(vit, removed=2)
    assert seen_tokens(vit)[-1] == (13, 11)
