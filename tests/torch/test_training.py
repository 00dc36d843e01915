"""Training: the loss by numpy, what is trained and what stays, the schedule, and that it learns."""

import copy
import math
from itertools import pairwise

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.effort.entropy import normalized_entropy
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.training.batches import InMemory
from pivotsim.vit_torch.training.efforts import fine_tuned
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.losses import entropy_of_correct, token_distance
from pivotsim.vit_torch.training.recipes import Recipe, rate_frac
from tests.torch.training_cases import IMAGES, LABELS, grown, whole_batches


def test_entropy_is_of_the_right_ones_alone():
    logits = torch.randn(40, 5, generator=torch.Generator().manual_seed(2))
    labels = torch.where(torch.arange(40) < 25, logits.argmax(dim=1), (logits.argmax(dim=1) + 1) % 5)
    wanted = normalized_entropy(logits.numpy())[:25].mean()
    assert entropy_of_correct(logits, labels).item() == pytest.approx(wanted, rel=1e-5)
    wrong = (logits.argmax(dim=1) + 1) % 5
    assert entropy_of_correct(logits.requires_grad_(), wrong).item() == 0
    entropy_of_correct(logits, wrong).backward()
    assert not logits.grad.any()


def test_a_sure_image_has_a_finite_gradient():
    logits = torch.tensor([[500.0, -500.0]], requires_grad=True)
    entropy_of_correct(logits, torch.tensor([0])).backward()
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("weights", [(1, 1, 1), (1, 0, 0), (0, 2, 0), (0, 0, 3), (0.5, 0.25, 4)])
def test_the_loss_is_the_weighted_sum_of_three_terms(weights):
    teacher, vit = grown(1), grown(2)
    with torch.no_grad():
        tokens, of_teacher = vit.forward_features(IMAGES), teacher.forward_features(IMAGES)
        logits = vit.forward_head(tokens).double().numpy()
    labels = torch.tensor(np.where(np.arange(7) < 4, logits.argmax(axis=1), LABELS.numpy()))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    right = logits.argmax(axis=1) == labels.numpy()
    assert right.any() and not right.all()
    terms = (
        -np.log(shares[range(7), labels.numpy()]).mean(),
        ((tokens.double() - of_teacher.double()) ** 2).mean().item(),
        (-(shares * np.log(shares)).sum(axis=1) / math.log(5))[right].mean(),
    )
    recipe = Recipe(
        1, 0.0, 0.0, dict(zip(("cross_entropy", "token_distance", "entropy_of_correct"), weights, strict=True))
    )
    (loss,) = train(vit, whole_batches(labels=labels), recipe, teacher=teacher if weights[1] else None)
    assert loss == pytest.approx(np.dot(weights, terms), rel=1e-4)


def test_distillation_is_nothing_between_equals():
    tokens = torch.randn(2, 3, 4)
    assert token_distance(tokens, tokens).item() == 0


def test_a_fine_tuned_effort_starts_from_its_teacher_and_leaves_it_alone():
    teacher = grown()
    before = copy.deepcopy(teacher.state_dict())
    vit = fine_tuned(teacher, [1, 3], whole_batches(), Recipe(epochs=3, learning_rate=1e-3, weight_decay=0.0))
    assert [block.attention_active for block in vit.blocks] == [True, False, True]
    assert all(block.attention_active for block in teacher.blocks) and not vit.training
    for name, weight in vit.state_dict().items():
        assert torch.equal(before[name], teacher.state_dict()[name])
        skipped = name.startswith(("blocks.1.attn", "blocks.1.norm1"))
        assert torch.equal(weight, before[name]) == skipped, name


def test_a_rate_of_nothing_changes_nothing():
    vit = grown()
    before = copy.deepcopy(vit.state_dict())
    train(vit, whole_batches(), Recipe(2, 0.0, 0.0, "labels"))
    assert all(torch.equal(before[name], weight) for name, weight in vit.state_dict().items())


def test_it_learns_and_equal_seeds_learn_alike():
    labels = torch.arange(40) % 5
    images = torch.randn(40, 2, 16, 16, generator=torch.Generator().manual_seed(3)) + labels[:, None, None, None]
    recipe = Recipe(epochs=40, learning_rate=5e-3, loss="labels")
    losses = [train(build_vit(PLAIN), InMemory(images, labels, batch=16, seed=5), recipe) for _ in range(2)]
    assert losses[0] == losses[1] and len(losses[0]) == 40
    assert losses[0][0] > 1.2 and losses[0][-1] < 0.5 * losses[0][0]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_trains(form):
    model = FORMS[form]
    teacher = build_vit(model, distilled=form == "distilled")
    images = torch.randn(4, model.channels, 16, 16)
    batches = InMemory(images, torch.tensor([0, 1, 2, 3]), batch=2)
    vit = fine_tuned(teacher, [2], batches, Recipe(epochs=1))
    assert all(torch.isfinite(weight).all() for weight in vit.state_dict().values())


@pytest.mark.parametrize(("images", "batch", "sizes"), [(1, 1, [1]), (4, 2, [2, 2]), (5, 2, [2, 2, 1]), (5, 9, [5])])
def test_an_epoch_has_every_image_once(images, batch, sizes):
    batches = InMemory(torch.arange(images), torch.arange(images) * 10, batch=batch, seed=1)
    epochs = [list(batches) for _ in range(2)]
    for epoch in epochs:
        assert [len(x) for x, _ in epoch] == sizes and len(batches) == len(sizes)
        assert sorted(torch.cat([x for x, _ in epoch]).tolist()) == list(range(images))
        assert all((y == 10 * x).all() for x, y in epoch)


def test_epochs_differ_and_augmentation_sees_each_batch():
    seen = []
    batches = InMemory(
        torch.arange(64), torch.arange(64), batch=32, augment=lambda x, generator: seen.append(len(x)) or x
    )
    first, second = (torch.cat([x for x, _ in batches]).tolist() for _ in range(2))
    assert first != second and seen == [32] * 4


def test_the_rate_rises_and_falls():
    rates = [rate_frac(step, 100) for step in range(101)]
    assert rates[:10] == pytest.approx([0.1 * k for k in range(1, 11)])
    assert rates[10] == 1 and rates[55] == pytest.approx(0.5) and rates[100] == pytest.approx(0)
    assert all(a > b for a, b in pairwise(rates[10:]))
    assert rate_frac(0, 1) == 1


def test_bad_input_is_told_at_once():
    with pytest.raises(ps.InputError) as caught:
        Recipe(epochs=0, learning_rate=-1, weight_decay=math.nan, loss={"entropy": 1, "cross_entropy": "much"})
    assert [p.partition(":")[0] for p in caught.value.problems] == [
        "epochs", "learning_rate", "weight_decay", "loss.entropy", "loss.cross_entropy"
    ]  # fmt: skip
    vit = build_vit(PLAIN)
    with pytest.raises(ps.InputError, match=r"^teacher: token_distance of the loss needs one \(got nothing\)$"):
        train(vit, whole_batches(), Recipe())
    with pytest.raises(
        ps.InputError, match=r"^teacher: no term of the loss reads one \(got a list of one: cross_entropy\)$"
    ):
        train(vit, whole_batches(), Recipe(loss="labels"), teacher=vit)
    with pytest.raises(ps.InputError, match=r"^labels: must be one per image, at least one \(got 7, 6\)$"):
        InMemory(IMAGES, LABELS[:6])
    with pytest.raises(ps.InputError, match=r"^labels: must be one per image"):
        InMemory(IMAGES[:0], LABELS[:0])
    with pytest.raises(ps.InputError, match=r"^batch: must be at least 1"):
        InMemory(IMAGES, LABELS, batch=0)
    with pytest.raises(ps.InputError, match=r"^images: must be a tensor of shape"):
        train(vit, whole_batches(IMAGES[:, :1]), Recipe(loss="labels"))
    with pytest.raises(ps.InputError, match="at most 3"):
        fine_tuned(vit, [4], whole_batches())
    assert not vit.training
