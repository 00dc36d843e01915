"""Pruning while training: every rule by its slow form, gradients, equal seeds, what is removed, what is told."""

import copy
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import pivotsim as ps
from tests.oracles.training import pruning as oracle
from tests.oracles.workload import vit_forward
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from torch.nn.utils import parametrize

from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.reducers.dropping import Evit
from pivotsim.vit_torch.reducers.reduction import prune_tdm
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.losses import LOSSES
from pivotsim.vit_torch.training.parts import Part
from pivotsim.vit_torch.training.pruning.density import DensitySchedule
from pivotsim.vit_torch.training.pruning.removal import pruned_state, remove_heads
from pivotsim.vit_torch.training.pruning.scored_pruning import PARIKH_RECIPE, ScoredPruning, prune_by_magnitude
from pivotsim.vit_torch.training.pruning.scores import BlockScores
from pivotsim.vit_torch.training.quantisation_aware import QuantisationAware
from pivotsim.vit_torch.training.recipes import Recipe
from tests.torch.test_importance import drawn, tensors_of
from tests.torch.test_transformer import arrays, images_of, randomised
from tests.torch.training_cases import IMAGES, LABELS, grown, whole_batches

MODEL = PLAIN.replace({"width": 24, "head_features": 24})  # three heads 8 wide
RECIPE = Recipe(6, 1e-3, 0.0, "labels")
DENSITIES = st.sampled_from([0.1, 0.25, 0.3, 0.5, 0.7, 1.0])
SHAPES = {"copies": st.integers(1, 3), "rows": st.integers(1, 3), "columns": st.integers(1, 3)}


@given(**SHAPES, density=DENSITIES, seed=st.integers(0, 9999))
@example(copies=2, rows=1, columns=2, density=0.5, seed=-1)  # equal scores
def test_top_k_and_its_straight_through_gradients_are_the_oracles(copies, rows, columns, density, seed):
    rng = np.random.default_rng(abs(seed))
    grid = (copies, 2, 3)
    weight = rng.standard_normal((copies * 2 * rows, 3 * columns))
    gradient = rng.standard_normal(weight.shape)
    scored = BlockScores(torch.tensor(weight), copies, rows, columns)
    assert scored.scores.shape == grid and not scored.scores.any()
    scores = np.zeros(grid) if seed < 0 else rng.standard_normal(grid).round(1)
    with torch.no_grad():
        scored.scores.copy_(torch.tensor(scores))
    scored.density = density
    of_weight = torch.tensor(weight, requires_grad=True)
    found = scored(of_weight)
    (found * torch.tensor(gradient)).sum().backward()
    for copy_ in range(copies):
        kept = oracle.kept_blocks(scores[copy_], density)
        part = slice(copy_ * 2 * rows, (copy_ + 1) * 2 * rows)
        assert np.array_equal(scored.kept()[copy_].numpy(), kept)
        assert np.array_equal(found[part].detach().numpy(), oracle.masked(weight[part], kept, rows, columns))
        assert np.array_equal(of_weight.grad[part].numpy(), oracle.masked(gradient[part], kept, rows, columns))
        wanted = oracle.score_gradients(weight[part], gradient[part], rows, columns)
        np.testing.assert_allclose(scored.scores.grad[copy_].numpy(), wanted, rtol=1e-12, atol=1e-12)


def test_magnitudes_are_sums_of_absolute_weights():
    weight = torch.randn(4, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    wanted = oracle.score_gradients(weight.numpy(), np.sign(weight.numpy()), 2, 3)
    np.testing.assert_allclose(BlockScores(weight, 1, 2, 3, "magnitude").scores[0].detach().numpy(), wanted)


@given(
    steps=st.integers(1, 40),
    final=st.sampled_from([0.3, 0.5, 1.0]),
    parts=st.sampled_from([(0.0, 0.0), (0.25, 0.5), (0.5, 0.5), (1.0, 0.0), (0.0, 1.0), (0.125, 0.0)]),
)
def test_the_density_falls_by_the_oracles_cubic(steps, final, parts):
    schedule = DensitySchedule(final, *parts)
    found = [schedule.at(step, steps) for step in range(steps)]
    assert found == pytest.approx([oracle.density(step, steps, final, *parts) for step in range(steps)])
    assert found[-1] == final and found == sorted(found, reverse=True)


@given(tokens=st.integers(2, 14), rate=DENSITIES, seed=st.integers(0, 9999))
def test_token_dropping_is_the_oracles(tokens, rate, seed):
    x = np.random.default_rng(seed + 1).standard_normal((2, tokens, 4))
    tensors = tensors_of(*drawn(seed, 2, 2, tokens, 3))
    found, _ = Evit(rate, 1, True)(torch.as_tensor(x), None, tensors)
    wanted = [oracle.dropped(image, a, rate) for image, a in zip(x, tensors.attention.numpy(), strict=True)]
    np.testing.assert_allclose(found.numpy(), np.array(wanted), rtol=1e-12, atol=1e-12)


def test_dropping_follows_the_residual_and_leaves_the_plans_tokens():
    vit = build_vit("deit_s")
    prune_tdm(vit, keep_rate=0.5)
    seen = []
    for block in vit.blocks:
        block.mlp.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape[1]))
    vit(torch.zeros(1, 3, 224, 224))
    assert seen == [e.mlp_tokens for e in ps.prune_tokens(ps.plan("deit_s"), "tdm", keep_rate=0.5).encoders]
    small = randomised(PLAIN)
    prune_tdm(small, keep_rate=0.5, encoders=[2])

    def cut(encoder, place, x, qkv):
        return oracle.dropped(x, maps(qkv), 0.5) if (encoder, place) == (2, "between") else x

    images = images_of(PLAIN)
    wanted = [vit_forward.logits(arrays(small), PLAIN, image.numpy(), cut=cut) for image in images]
    np.testing.assert_allclose(small(images).detach().numpy(), wanted, rtol=1e-9)


def maps(qkv):
    query, key, _ = qkv
    return np.array([vit_forward.softmax(q @ k.T / np.sqrt(q.shape[1])) for q, k in zip(query, key, strict=True)])


class Gradients(Part):
    """What the scores' gradients were in the last step."""

    def __init__(self, part):
        self.part = part

    def after_step(self, step, steps):
        self.found = [scored.scores.grad.clone() for scored in self.part.scored.values()]
        self.kept = [scored.kept() for scored in self.part.scored.values()]


@pytest.mark.parametrize("form", ["plain", "no bias", "dinov2", "distilled"])
def test_gradients_of_scores_are_differences_of_the_loss(form):
    """dL/dscore of every kept block or neuron, by making its mask a little smaller."""
    model = FORMS[form].replace({"head_features": 24 if form == "dinov2" else 12})
    vit = randomised(model, distilled=form == "distilled")

    def loss():
        return torch.nn.functional.cross_entropy(vit(IMAGES.double()), LABELS)

    part = ScoredPruning(block=2, density=0.5, learning_rate=0.0, start="magnitude")
    with part.attached(vit):
        part.set_density(0.5)
        loss().backward()
        for layer, scored in part.scored.items():
            _, height, width = scored.scores.shape
            for copy_, row, column in [(0, 0, 0), (scored.scores.shape[0] - 1, height - 1, width - 1)]:
                block = torch.zeros_like(scored.scores)
                block[copy_, row, column] = 1e-4
                spread = block.repeat_interleave(scored.rows, 1).repeat_interleave(scored.columns, 2).flatten(0, 1)
                original, weight = layer.parametrizations.weight.original, layer.weight.detach()
                with torch.no_grad():
                    values = []
                    for sign in (1, -1):
                        changed = weight + sign * spread * original
                        with replaced(layer, changed):
                            values.append(loss().item())
                wanted = (values[0] - values[1]) / 2e-4
                assert scored.scores.grad[copy_, row, column].item() == pytest.approx(wanted, rel=1e-4, abs=1e-8)


@contextmanager
def replaced(layer, weight):
    """The layer's masked weight as given, within a block."""
    layer.parametrizations.weight[0].forward = lambda _: weight
    yield
    del layer.parametrizations.weight[0].forward


def pruned(seed=0, density=0.5, model=MODEL, **options):
    vit, part = grown(seed, model), ScoredPruning(block=4, density=density, **options)
    train(vit, whole_batches(), RECIPE, parts=[part])
    return vit, part


def test_masks_stay_as_zeros_and_the_density_falls():
    vit, part = pruned()
    assert part.densities == [DensitySchedule(0.5).at(step, 6) for step in range(6)]
    assert not any(parametrize.is_parametrized(module) for module in vit.modules())
    assert len(part.scored) == 3 * vit.model.depth
    for layer, scored in part.scored.items():
        kept = scored.kept()
        assert kept.flatten(1).sum(dim=1).tolist() == [-(-kept[0].numel() // 2)] * len(kept)
        zero = layer.weight.detach() == 0
        spread = kept.repeat_interleave(scored.rows, 1).repeat_interleave(scored.columns, 2).flatten(0, 1)
        assert torch.equal(zero, ~spread)
        assert scored.scores.abs().min() > 0  # masked ones, too, were moved
    for block in vit.blocks:  # Q, K and V are ranked apart
        assert [(weight == 0).float().mean().item() for weight in block.attn.qkv.weight.chunk(3)] == [0.5] * 3


def test_equal_seeds_make_equal_masks():
    masks = [[scored.kept() for scored in pruned(seed)[1].scored.values()] for seed in (0, 0, 1)]
    assert all(torch.equal(*pair) for pair in zip(masks[0], masks[1], strict=True))
    assert not all(torch.equal(*pair) for pair in zip(masks[0], masks[2], strict=True))


def test_scores_have_a_rate_of_their_own_and_a_masked_block_comes_back():
    _, part = pruned(learning_rate=1e-2)
    largest = max(scored.scores.abs().max().item() for scored in part.scored.values())
    assert 1e-2 < largest < 6.1e-2  # Adam moves by about the rate, six times; the weights' rate is a tenth
    vit, part = grown(0, MODEL), ScoredPruning(block=4, density=DensitySchedule(0.5, 0.0, 1.0), learning_rate=0.5)
    seen = []

    class Watch(Part):
        def after_step(self, step, steps):
            seen.append([scored.kept() for scored in part.scored.values()])

    train(vit, whole_batches(), RECIPE, parts=[part, Watch()])
    assert any((later & ~first).any() for first, later in zip(seen[0], seen[-1], strict=True))


def test_static_pruning_keeps_the_masks_of_the_magnitudes():
    vit = grown(0, MODEL)
    once = copy.deepcopy(vit)
    prune_by_magnitude(once, block=4, density=0.3)
    part = ScoredPruning(block=4, density=DensitySchedule(0.3, 0.0, 1.0), learning_rate=0.0, start="magnitude")
    train(vit, whole_batches(), RECIPE, parts=[part])
    zeros = 0
    for (name, weight), (_, start) in zip(vit.named_parameters(), once.named_parameters(), strict=True):
        if name.endswith(("qkv.weight", "proj.weight", "fc2.weight")) and "patch" not in name:
            assert torch.equal(weight == 0, start == 0), name
            zeros += int((weight == 0).sum())
    assert zeros and part.densities == [0.3] * 6


@pytest.mark.parametrize("lost", ["q", "k", "v", "proj"])
def test_a_head_without_blocks_is_removed_whole(lost):
    vit = grown(0, MODEL)
    attention = vit.blocks[1].attn
    with torch.no_grad():
        attention.qkv.bias.fill_(1.0)
        if lost == "proj":
            attention.proj.weight[:, 8:16] = 0
        else:
            start = 24 * "qkv".index(lost) + 8
            attention.qkv.weight[start : start + 8] = 0
        attention.proj.weight[0, 16:] = 0  # a row of the third head's alone: it stays
    before = copy.deepcopy(vit)
    wanted = oracle.dead_heads(attention.qkv.weight.detach().numpy(), attention.proj.weight.detach().numpy(), 3)
    assert remove_heads(vit) == {2: wanted} == {2: [1]}
    assert not attention.qkv.weight.view(3, 3, 8, 24)[:, 1].any() and not attention.proj.weight[:, 8:16].any()
    assert not attention.qkv.bias.view(3, 3, 8)[:, 1].any() and attention.qkv.bias.view(3, 3, 8)[:, [0, 2]].all()
    assert torch.equal(vit(IMAGES), before(IMAGES)) == (lost == "proj")
    with torch.no_grad():
        attention.qkv.weight.zero_()
        attention.proj.weight.fill_(1.0)
    remove_heads(vit)
    kept = attention.proj.weight.view(24, 3, 8).any(dim=2).any(dim=0)
    assert kept.tolist() == [True, False, False]  # one always stays


def smaller_logits(state, model, image):
    """The oracle's logits of a state with fewer heads: attention of each encoder on its own number of them."""
    heads = [values.shape[1] // model.head_size for name, values in state.items() if name.endswith("attn.proj.weight")]
    numbers = iter(heads)

    def attended(w, x, _):
        count, d = next(numbers), model.head_size
        qkv = (x @ w["attn.qkv.weight"].T + w["attn.qkv.bias"]).reshape(len(x), 3, count, d)
        outputs = []
        for h in range(count):
            q, k, v = (qkv[:, part, h] for part in range(3))
            outputs.append(vit_forward.softmax(q @ k.T / np.sqrt(d)) @ v)
        return np.concatenate(outputs, axis=1) @ w["attn.proj.weight"].T + w["attn.proj.bias"], None

    whole, vit_forward.attended = vit_forward.attended, attended
    try:
        return vit_forward.logits(state, model, image)
    finally:
        vit_forward.attended = whole


@pytest.mark.parametrize("form", ["plain", "dinov2"])
def test_the_smaller_state_computes_the_same(form):
    features = 48 if form == "dinov2" else 24
    model = FORMS[form].replace({"width": 24, "head_features": features})
    vit = randomised(model)
    prune_by_magnitude(vit, block=4, density=0.5)
    with torch.no_grad():
        vit.blocks[0].attn.qkv.weight[24 + 8 : 24 + 16] = 0
        vit.blocks[2].attn.proj.weight[:, :16] = 0
    assert remove_heads(vit) == {1: [1], 3: [0, 1]}
    state = {name: values.numpy() for name, values in pruned_state(vit).items()}
    assert [state[f"blocks.{i}.attn.proj.weight"].shape for i in range(3)] == [(24, 16), (24, 24), (24, 8)]
    assert state["blocks.0.attn.qkv.weight"].shape == (48, 24)
    out, hidden = ("w3", "w12") if form == "dinov2" else ("fc2", "fc1")
    assert state[f"blocks.0.mlp.{out}.weight"].shape == (24, 10)
    assert state[f"blocks.0.mlp.{hidden}.bias"].shape == ((20,) if form == "dinov2" else (10,))
    for image in images_of(model):
        wanted = vit(image[None])[0].detach().numpy()
        np.testing.assert_allclose(smaller_logits(state, model, image.numpy()), wanted, rtol=1e-9)


def test_it_trains_with_tokens_dropped_and_a_teacher_in_one_run():
    vit, teacher, part = grown(0, MODEL), grown(1, MODEL), ScoredPruning(block=8, density=0.5)
    prune_tdm(vit, keep_rate=0.5, encoders=[1, 2])
    losses = train(vit, whole_batches(), Recipe(12, 1e-2, 0.0, "mostly_teacher"), teacher=teacher, parts=[part])
    assert vit.forward_features(IMAGES).shape[1] == 1 + 5 + 1  # 17 tokens: 16 to 8 + 1, 9 to 5 + 1
    assert losses[-1] < losses[0] and part.densities[-1] == 0.5


def test_masks_are_kept_where_training_rounds_too():
    vit, part = grown(0, MODEL), ScoredPruning(block=4, density=0.5)
    train(vit, whole_batches(), RECIPE, parts=[part, QuantisationAware(8)])
    zeros = {layer: int((layer.weight == 0).sum()) / layer.weight.numel() for layer in part.scored}
    assert not any(parametrize.is_parametrized(module) for module in vit.modules())
    assert set(zeros.values()) == {0.5}


def test_a_skipped_attention_is_not_pruned():
    vit = grown(0, MODEL)
    vit.blocks[1].attention_active = False
    before = vit.blocks[1].attn.qkv.weight.clone()
    part = ScoredPruning(block=4, density=0.5)
    train(vit, whole_batches(), RECIPE, parts=[part])
    assert len(part.scored) == 7 and torch.equal(vit.blocks[1].attn.qkv.weight, before)


def test_the_authors_recipe():
    assert LOSSES["mostly_teacher"] == PARIKH_RECIPE.weights == {"cross_entropy": 0.1, "logit_divergence": 0.9}
    assert (PARIKH_RECIPE.epochs, PARIKH_RECIPE.learning_rate, PARIKH_RECIPE.weight_decay) == (30, 2e-5, 0.01)
    assert ScoredPruning(block=16, density=0.5).learning_rate == 1e-2


BAD = {
    "a block": (lambda: ScoredPruning(block=0, density=0.5), r"^block: must be at least 1 \(got 0\)$"),
    "a density": (lambda: ScoredPruning(block=4, density=0.0), r"^density: must lie above 0 and be at most 1"),
    "parts": (lambda: DensitySchedule(0.5, 0.6, 0.6), r"^initial_frac, final_frac: must be at least 0, and at most 1"),
    "a start": (lambda: ScoredPruning(block=4, density=0.5, start="zeros"), r"^start: .*zero.*\(got 'zeros'\)"),
    "idle scores": (
        lambda: ScoredPruning(block=4, density=0.5, learning_rate=0),
        r"^learning_rate: scores that start at zero must learn",
    ),
    "a negative rate": (
        lambda: ScoredPruning(block=4, density=0.5, learning_rate=-1),
        r"^learning_rate: must be at least 0 \(got -1\)$",
    ),
    "a head": (
        lambda: train(grown(0, MODEL), whole_batches(), RECIPE, parts=[ScoredPruning(block=5, density=0.5)]),
        r"^block: must divide the width of a head, 8 \(got 5\)$",
    ),
    "the order of parts": (
        lambda: train(
            grown(0, MODEL), whole_batches(), RECIPE, parts=[QuantisationAware(8), ScoredPruning(block=4, density=0.5)]
        ),
        r"^parts: ScoredPruning goes before what rounds or masks the same weights$",
    ),
    "a fine block of heads": (
        lambda: prune_by_magnitude(grown(0, MODEL), block=12, density=0.5),
        r"^block: must divide the width of a head, 8 \(got 12\)$",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "line"), BAD.values(), ids=list(BAD))
def test_bad_input_is_told(make, line):
    with pytest.raises(ps.InputError, match=line) as caught:
        make()
    assert len(caught.value.problems) == 1
    with pytest.raises(ps.InputError) as caught:
        DensitySchedule(2, -1, "much")
    assert len(caught.value.problems) == 3
