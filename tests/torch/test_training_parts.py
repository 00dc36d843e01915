"""Parts of the training loop: where each hook stands, rates of their own, and the methods that need them in small."""

import copy
from contextlib import contextmanager

import pytest

import pivotsim as ps
from tests.torch.small import PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from torch.nn.utils import parametrize

from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.reducers.reduction import prune_evit
from pivotsim.vit_torch.training.batches import InMemory
from pivotsim.vit_torch.training.efforts import SharedPlans
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.parts import ParameterGroup, Part
from pivotsim.vit_torch.training.recipes import Recipe
from tests.torch.training_cases import IMAGES, LABELS, grown, whole_batches

ONE_STEP = Recipe(1, 1e-3, 0.0, "labels")
PLANS = [ps.skip_attention(ps.plan(PLAIN), active=[i]) for i in (1, 2)]


class Diary(Part):
    """Writes down what the loop asks."""

    def __init__(self, passes=1):
        self.lines, self.count = [], passes

    @contextmanager
    def attached(self, vit):
        self.lines.append(f"on, training {vit.training}")
        yield
        self.lines.append(f"off, training {vit.training}")

    def groups(self):
        self.lines.append("groups")
        return ()

    def before_step(self, step, steps):
        self.lines.append(f"before {step}/{steps}")

    def passes(self):
        for number in range(self.count):
            self.lines.append(f"pass {number}")
            yield

    def loss(self, outputs, labels):
        self.lines.append(f"loss of {tuple(outputs.logits.shape)}")

    def after_step(self, step, steps):
        self.lines.append(f"after {step}/{steps}")


def test_hooks_stand_at_their_places():
    diary = Diary()
    train(build_vit(PLAIN), InMemory(IMAGES, LABELS, batch=4), ONE_STEP, parts=[diary])
    assert diary.lines == [
        "on, training False", "groups",
        "before 0/2", "pass 0", "loss of (4, 5)", "after 0/2",
        "before 1/2", "pass 0", "loss of (3, 5)", "after 1/2",
        "off, training True",
    ]  # fmt: skip


def test_several_parts_with_passes_make_every_combination():
    outer, inner = Diary(2), Diary(3)
    vit = grown()
    (loss,) = train(copy.deepcopy(vit), whole_batches(), ONE_STEP, parts=[outer, inner])
    assert [line for line in outer.lines if line[:4] == "pass"] == ["pass 0", "pass 1"]
    assert [line for line in inner.lines if line[:4] == "pass"] == ["pass 0", "pass 1", "pass 2"] * 2
    (once,) = train(vit, whole_batches(), ONE_STEP)
    assert loss == pytest.approx(6 * once)


class Own(Part):
    """A number that is learned by a penalty (number - 3)^2, and a rate of its own for the head."""

    def __init__(self, rate):
        self.number, self.rate = torch.nn.Parameter(torch.tensor(0.0)), rate

    @contextmanager
    def attached(self, vit):
        self.head = list(vit.head.parameters())
        yield

    def groups(self):
        return [
            ParameterGroup([self.number], learning_rate=0.5, weight_decay=0.0),
            ParameterGroup(self.head, self.rate),
        ]

    def loss(self, outputs, labels):
        return (self.number - 3) ** 2


def test_groups_have_rates_of_their_own_and_penalties_count():
    vit, part = grown(), Own(rate=0.0)
    before = copy.deepcopy(vit.state_dict())
    losses = train(vit, whole_batches(), Recipe(40, 1e-3, 0.0, "labels"), parts=[part])
    assert part.number.item() == pytest.approx(3, abs=0.1)
    assert losses[0] > losses[-1] + 8  # 9 at the start
    for name, weight in vit.state_dict().items():
        assert torch.equal(weight, before[name]) == name.startswith("head."), name


class TopKOfScores(torch.nn.Module):
    """weight * mask of the largest scores; the gradient of the mask goes to the scores as it is."""

    def __init__(self, shape):
        super().__init__()
        self.scores, self.density = torch.nn.Parameter(torch.zeros(shape)), 1.0

    def forward(self, weight):
        kept = round(self.density * self.scores.numel())
        order = self.scores.detach().flatten().argsort(descending=True, stable=True)
        mask = torch.zeros(self.scores.numel()).index_fill(0, order[:kept], 1.0).view_as(self.scores)
        return weight * (mask + self.scores - self.scores.detach())


class Pruning(Part):
    """Scores on each fc1, density falling to a half over the first half of the steps, masks kept at the end."""

    def __init__(self):
        self.densities = []

    @contextmanager
    def attached(self, vit):
        layers = [block.mlp.fc1 for block in vit.blocks]
        self.masks = [TopKOfScores(layer.weight.shape) for layer in layers]
        for layer, mask in zip(layers, self.masks, strict=True):
            parametrize.register_parametrization(layer, "weight", mask)
        try:
            yield
        finally:
            for layer in layers:
                parametrize.remove_parametrizations(layer, "weight")

    def groups(self):
        return [ParameterGroup([mask.scores for mask in self.masks], learning_rate=1e-2, weight_decay=0.0)]

    def before_step(self, step, steps):
        for mask in self.masks:
            mask.density = max(0.5, 1 - step / steps)
        self.densities.append(self.masks[0].density)


def test_scores_with_straight_through_masks_prune_while_tokens_drop():
    """What simultaneous pruning needs: masks, their rates, a density that falls, tokens dropped in the same run."""
    vit, part = grown(), Pruning()
    prune_evit(vit, keep_rate=0.5, encoders=[2])
    names = set(vit.state_dict())
    recipe = Recipe(8, 1e-3, 0.0, {"cross_entropy": 0.1, "logit_divergence": 0.9})
    train(vit, whole_batches(), recipe, teacher=grown(1), parts=[part])
    assert part.densities == [1.0, 0.875, 0.75, 0.625, 0.5, 0.5, 0.5, 0.5]
    for block, mask in zip(vit.blocks, part.masks, strict=True):
        assert mask.scores.abs().min() > 0  # every score was moved, of those that are masked out too
        assert (block.mlp.fc1.weight == 0).float().mean() == 0.5
    assert set(vit.state_dict()) == names


def test_parts_come_off_where_training_fails():
    vit, images = build_vit(PLAIN), torch.full_like(IMAGES, float("nan"))
    with pytest.raises(ps.InputError, match=r"^recipe: the loss is nan in step 1 of 1; 0.001 is too high"):
        train(vit, whole_batches(images), ONE_STEP, parts=[SharedPlans(PLANS), Pruning()])
    assert not vit.training and all(block.attention_active for block in vit.blocks)
    assert not any(parametrize.is_parametrized(module) for module in vit.modules())
