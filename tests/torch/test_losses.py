"""Every term of a loss by numpy on logits drawn here, and what a loss asks of the ViT and the teacher."""

import copy
import math

import numpy as np
import pytest

import pivotsim as ps
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from pivotsim.effort.entropy import normalized_entropy, normalized_from_per_class
from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.training.loop import outputs_of, train
from pivotsim.vit_torch.training.losses import LOSSES, TERMS, entropy_by_accuracy, logit_divergence
from pivotsim.vit_torch.training.recipes import Recipe
from tests.torch.training_cases import IMAGES, LABELS, grown, whole_batches

TWO_HEADS = FORMS["distilled"]


def shares_of(logits):
    """Softmax in float64."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def numpy_terms(heads, labels, tokens, of_teacher, teacher_tokens):
    """Each term once more, image by image."""
    images = range(len(labels))

    def cross_entropy(logits, wanted):
        return np.mean([-math.log(shares_of(logits)[i, wanted[i]]) for i in images])

    def divergence(logits):
        p, q = shares_of(of_teacher), shares_of(logits)
        return np.mean([sum(p[i] * np.log(p[i] / q[i])) for i in images])

    mean = heads.mean(axis=0)
    right = [i for i in images if mean[i].argmax() == labels[i]]
    per_class = [np.mean(-shares_of(mean)[i] * np.log(shares_of(mean)[i])) for i in images]
    classes = mean.shape[1]
    return {
        "cross_entropy": cross_entropy(mean, labels),
        "entropy_of_correct": np.mean([per_class[i] * classes / math.log(classes) for i in right]),
        "entropy_by_accuracy": len(right) / len(labels) * np.mean(per_class),
        "token_distance": np.mean((tokens - teacher_tokens) ** 2),
        "logit_divergence": divergence(mean),
        "class_head_cross_entropy": cross_entropy(heads[0], labels),
        "distilled_head_cross_entropy": cross_entropy(heads[1], of_teacher.argmax(axis=1)),
        "distilled_head_divergence": divergence(heads[1]),
    }


@pytest.fixture(scope="module")
def case():
    """A distilled student and a teacher, some images right, and every term of them by numpy."""
    vit, teacher = grown(2, TWO_HEADS, distilled=True), grown(1, TWO_HEADS)
    with torch.no_grad():
        seen, wanted = outputs_of(copy.deepcopy(vit).train(), IMAGES), outputs_of(teacher, IMAGES)
    heads, tokens = seen.heads.double().numpy(), seen.tokens.double().numpy()
    labels = np.where(np.arange(7) < 4, heads.mean(axis=0).argmax(axis=1), LABELS.numpy())
    right = (heads.mean(axis=0).argmax(axis=1) == labels).sum()
    assert heads.shape == (2, 7, 5) and 4 <= right < 7
    terms = numpy_terms(heads, labels, tokens, wanted.logits.double().numpy(), wanted.tokens.double().numpy())
    return vit, teacher, torch.tensor(labels), terms


def loss_of(case, loss):
    vit, teacher, labels, _ = case
    recipe = Recipe(1, 0.0, 0.0, loss)
    needed = any(TERMS[name].teacher for name in recipe.weights)
    (value,) = train(
        copy.deepcopy(vit), whole_batches(labels=labels), recipe, teacher=copy.deepcopy(teacher) if needed else None
    )
    return value


@pytest.mark.parametrize("term", TERMS)
def test_every_term_by_numpy(case, term):
    assert loss_of(case, {term: 2.0}) == pytest.approx(2 * case[3][term], rel=1e-4)


def test_pivots_losses_are_the_sums_that_text_and_code_say(case):
    terms = case[3]
    text = terms["cross_entropy"] + terms["token_distance"] + terms["entropy_of_correct"]
    assert loss_of(case, "pivot_text") == pytest.approx(text, rel=1e-4)
    distilled = 0.5 * terms["logit_divergence"] + 0.5 * terms["token_distance"]
    released = terms["cross_entropy"] + distilled + 1000 * terms["entropy_by_accuracy"]
    assert loss_of(case, "pivot_released") == pytest.approx(released, rel=1e-4)
    heads = 0.5 * terms["class_head_cross_entropy"] + 0.5 * terms["distilled_head_cross_entropy"]
    assert loss_of(case, "deit_hard") == pytest.approx(heads, rel=1e-4)


def test_a_thousand_entropies_per_class_are_a_nat_at_a_thousand_classes():
    """Both entropies of the same logits, all right: the code's is in other units than the text's."""
    logits = torch.randn(20, 1000, generator=torch.Generator().manual_seed(0))
    code = entropy_by_accuracy(logits, logits.argmax(dim=1)).item()
    text = normalized_entropy(logits.numpy()).mean()
    assert normalized_from_per_class(code, 1000) == pytest.approx(text, rel=1e-5)
    assert 1000 * code == pytest.approx(text * math.log(1000), rel=1e-5)


def test_the_codes_thresholds_in_the_papers_units():
    printed = {0.0001: 0.0145, 0.0015: 0.217, 0.001: 0.145, 0.004: 0.579}
    for per_class, normalised in printed.items():
        assert normalized_from_per_class(per_class, 1000) == pytest.approx(normalised, abs=5e-4)
    assert normalized_from_per_class(math.log(10) / 10, 10) == 1
    with pytest.raises(ps.InputError, match=r"^value: must lie in 0 to 0.00690776, log\(1000\) / 1000 \(got 0.0145\)$"):
        normalized_from_per_class(0.0145, 1000)


def test_the_codes_entropy_has_a_gradient_on_wrong_images_too():
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    labels = logits.argmax(dim=1)
    labels[3:] = (labels[3:] + 1) % 4
    entropy_by_accuracy(logits, labels).backward()
    assert (logits.grad.abs().sum(dim=1) > 0).all()


def test_a_temperature_keeps_the_size_of_the_gradient():
    """For small logits KL is quadratic, so that T^2 cancels the division by T."""
    student, teacher = 1e-2 * torch.randn(2, 9, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    at_one, at_four = (logit_divergence(student, teacher, temperature).item() for temperature in (1, 4))
    assert at_one == pytest.approx(at_four, rel=0.02) and at_one > 0


def test_any_function_teaches_logits():
    vit, teacher = grown(), grown(1)
    loss = {"logit_divergence": 1.0}
    (wanted,) = train(copy.deepcopy(vit), whole_batches(), Recipe(1, 0.0, 0.0, loss), teacher=teacher)
    (seen,) = train(vit, whole_batches(), Recipe(1, 0.0, 0.0, loss), teacher=lambda images: teacher(images))
    assert seen == wanted > 0


def test_a_teacher_does_not_change_while_it_teaches():
    """Batch norm of a stem in training mode would."""
    model = FORMS["lvvit"]
    teacher = build_vit(model).train()
    before = copy.deepcopy(teacher.state_dict())
    images = torch.randn(7, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    train(build_vit(model, seed=1), whole_batches(images), Recipe(1, loss="pivot_released"), teacher=teacher)
    assert teacher.training
    assert all(torch.equal(before[name], value) for name, value in teacher.state_dict().items())


def test_what_a_loss_needs_is_told():
    vit, other = grown(), build_vit(PLAIN.replace({"classes": 4}))
    cases = [
        ("pivot_txt", {}, r"^loss: must be one of labels, .* \(got 'pivot_txt'\), nearest valid name: 'pivot_text'$"),
        ({"cross_entropi": 1}, {}, r"^loss.cross_entropi: unknown term, nearest valid name: 'cross_entropy'$"),
        ({"cross_entropy": 0}, {}, r"^loss: needs a term of a weight above 0 \(got \{cross_entropy: 0\}\)$"),
        (3, {}, r"^loss: must be a name or the weights of terms \(got 3\)$"),
        ("pivot_released", {}, r"^teacher: logit_divergence, token_distance of the loss needs one \(got nothing\)$"),
        ("pivot_text", {"teacher": lambda images: images}, r"^teacher: token_distance reads tokens, of a Vis"),
        ("deit_hard", {"teacher": vit}, r"^loss.class_head_cross_entropy: needs a ViT with two heads"),
        ({"logit_divergence": 1}, {"teacher": other}, r"^teacher: logits must be 7x5 as the student's \(got 7x4\)$"),
        ("pivot_text", {"teacher": grown(0, FORMS["registers"])}, r"^token_distance: needs the teacher's tokens"),
    ]
    for loss, options, message in cases:
        with pytest.raises(ps.InputError, match=message):
            train(vit, whole_batches(), Recipe(1, loss=loss), **options)
    for label in (-1, 5):
        with pytest.raises(ps.InputError, match=rf"^labels: must be classes from 0 to 4 \(got {label}\)$"):
            train(vit, whole_batches(labels=torch.full((7,), label)), Recipe(1, loss="labels"))
    assert set(LOSSES) == {"labels", "pivot_text", "pivot_released", "mostly_teacher", "deit_hard"}
