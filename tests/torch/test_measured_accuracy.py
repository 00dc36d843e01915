"""A(n) by random removal: beside a slow walk over images and tokens, of files, folders and datasets, and misuse."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.pruning import measure_accuracy, pruning_schedule
from pivotsim.pruning.accuracy.given import RandomRemoval, kept_tokens, read_accuracy
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from torch.utils.data import TensorDataset

from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.reducers.reduction import prune_top_k
from pivotsim.vit_torch.training.batches import InMemory
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.recipes import Recipe
from tests.torch.training_cases import IMAGES, LABELS, grown

SEVEN = TensorDataset(IMAGES, LABELS)
REGISTERS = FORMS["registers"]


def slow_accuracy(vit, labels, tokens, batch, draws, seed, encoder):
    """One image after the other, each encoder by hand."""
    right = 0
    batches = -(-len(IMAGES) // batch)
    for draw in range(draws):
        for i, label in enumerate(labels.tolist()):
            kept = kept_tokens(vit.model, tokens, draw * batches + i // batch, seed)
            patches = vit.patch_embed(IMAGES[i : i + 1])
            prefix = [x for x in (vit.cls_token, vit.dist_token, vit.reg_token) if x is not None]
            x = torch.cat([*prefix, patches], dim=1) + vit.pos_embed
            for number, block in enumerate(vit.blocks, start=1):
                if number == encoder:
                    x = torch.stack([x[:, place] for place in kept.tolist()], dim=1)
                x, _ = block(x)
            right += int(vit.forward_head(vit.norm(x)).argmax() == label)
    return 100 * right / (draws * len(IMAGES))


@pytest.mark.parametrize("form", ["plain", "registers", "no prefix", "narrow"])
@pytest.mark.parametrize("after_first_encoder", [False, True])
def test_it_is_the_slow_walk(form, after_first_encoder):
    vit = grown(3, FORMS[form])
    with torch.no_grad():
        labels = vit(IMAGES).argmax(dim=1)
    least = vit.model.leading_tokens + 1
    options = {"batch": 3, "draws": 2, "seed": 5}
    data = TensorDataset(IMAGES, labels)
    found = measure_accuracy(vit, data, after_first_encoder=after_first_encoder, **options)
    assert list(found.table) == list(range(vit.model.tokens, least - 1, -1))
    with torch.no_grad():
        for tokens in (vit.model.tokens, 9, 6, least):
            wanted = slow_accuracy(vit, labels, tokens, encoder=1 + after_first_encoder, **options)
            assert found.table[tokens] == pytest.approx(wanted), tokens
    assert found.table[vit.model.tokens] == 100 > min(found.table.values())
    assert all(block.before is None for block in vit.blocks) and not vit.training


def test_it_is_what_the_proxy_by_a_callable_gives():
    """``RandomRemoval`` asks count by count, this goes batch by batch."""
    vit = grown(3)

    def correct_of(batch, kept):
        part = IMAGES[4 * batch : 4 * batch + 4]

        def keep(_, given):
            return given[0][:, torch.as_tensor(kept)], given[1]

        hook = vit.blocks[0].register_forward_pre_hook(keep)
        with torch.no_grad():
            right = int((vit(part).argmax(dim=1) == LABELS[4 * batch : 4 * batch + 4]).sum())
        hook.remove()
        return right, len(part)

    proxy = RandomRemoval(correct_of, PLAIN, batches=2, seed=1)
    found = measure_accuracy(vit, SEVEN, batch=4, seed=1, tokens=range(2, 18))
    assert found.table == pytest.approx({n: proxy(n) for n in range(17, 1, -1)})


def test_batches_share_a_subset_and_draws_do_not():
    drawn = [kept_tokens(REGISTERS, 9, batch, seed=0).tolist() for batch in range(6)]
    assert all(kept[:4] == [0, 1, 2, 3] and len(set(kept)) == 9 and kept == sorted(kept) for kept in drawn)
    assert len({tuple(kept) for kept in drawn}) == 6
    assert set(kept_tokens(REGISTERS, 6, 2, seed=0)) < set(drawn[2])


def test_a_checkpoint_and_a_folder_make_the_table_that_schedule_reads(tmp_path):
    """From weights and images on a disk to a choice of tokens, no table from elsewhere."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    model = PLAIN.replace({"channels": 3})
    rng = np.random.default_rng(0)
    for label in range(5):
        (tmp_path / "images" / f"class{label}").mkdir(parents=True)
        for number in range(3):
            pixels = rng.integers(0, 40, (20, 20, 3), dtype=np.uint8) + np.uint8(40 * label)
            image.fromarray(pixels).save(tmp_path / "images" / f"class{label}" / f"{number}.png")
    from pivotsim.vit_torch.training.image_folder import ImageFolder

    folder = ImageFolder(tmp_path / "images", 16)
    vit = grown(0, model)
    pixels = torch.stack([folder[i][0] for i in range(15)])
    train(vit, InMemory(pixels, torch.as_tensor(folder.labels), batch=15), Recipe(30, 1e-2, loss="labels"))
    torch.save(vit.state_dict(), tmp_path / "weights.pth")
    found = measure_accuracy(model, tmp_path / "images", checkpoint=tmp_path / "weights.pth", batch=5, draws=3)
    assert found.table == measure_accuracy(vit, folder, batch=5, draws=3).table
    assert found.table[17] > found.table[2]
    assert found.table[17] == pytest.approx(100 * float((vit(pixels).argmax(dim=1).numpy() == folder.labels).mean()))
    found.save(tmp_path / "small.csv", ["dropped on a weekday"])
    text = (tmp_path / "small.csv").read_text()
    assert f"# model: small, weights of {tmp_path / 'weights.pth'}\n" in text and "# dropped on a weekday\n" in text
    assert "3 draws, seed 0" in text and "the same in the 5 images of a batch" in text
    assert read_accuracy(tmp_path / "small.csv") == pytest.approx(found.table, abs=1e-4)
    chosen = pruning_schedule(ps.plan(model), "zcu102", tmp_path / "small.csv", alpha=0.0)
    assert found.table[chosen.best_tokens] == max(found.table.values())


def test_some_of_the_images_are_drawn_by_the_seed():
    vit = grown(3)
    some = measure_accuracy(vit, SEVEN, tokens=[17], images_most=3, seed=2)
    places = sorted(np.random.default_rng(2).permutation(7)[:3])
    with torch.no_grad():
        right = (vit(IMAGES[places]).argmax(dim=1) == LABELS[places]).float().mean().item()
    assert some.table[17] == pytest.approx(100 * right)
    assert "images: 3 of 7 of a dataset" in some.notes
    assert (
        measure_accuracy(vit, SEVEN, tokens=[17], images_most=99).table
        == measure_accuracy(vit, SEVEN, tokens=[17]).table
    )


def test_what_does_not_fit_is_told(tmp_path):
    vit, pruned = grown(), grown()
    prune_top_k(pruned, removed=2)
    shallow = grown(0, PLAIN.replace({"depth": 1}))
    cases = [
        (
            ("deit_t", SEVEN),
            {},
            r"^checkpoint: a model without weights classifies nothing; name a file",
        ),
        ((vit, SEVEN), {"checkpoint": "x.pth"}, r"^checkpoint: goes with a model's name"),
        ((vit, 3), {}, r"^images: must be a folder or a sized dataset of \(image, label\) \(got 3\)$"),
        ((vit, tmp_path / "none"), {}, r"none: no such folder$"),
        ((vit, []), {}, r"^images: there is none \(got 0\)$"),
        ((pruned, SEVEN), {}, r"^vit: reduces its tokens already"),
        ((shallow, SEVEN), {"after_first_encoder": True}, r"^vit: removal ahead of encoder 2 needs as many \(got 1\)$"),
        ((vit, SEVEN), {"tokens": [1]}, r"^tokens: must be at least 2 \(got 1\)$"),
        ((vit, SEVEN), {"tokens": [18]}, r"^tokens: must be at most 17 \(got 18\)$"),
        ((vit, SEVEN), {"tokens": []}, r"^tokens: must name a count at least"),
        ((vit, SEVEN), {"tokens": 5}, r"^tokens: must be a list of token counts"),
        ((vit, SEVEN), {"batch": 0}, r"^batch: must be at least 1"),
        ((vit, SEVEN), {"images_most": 0}, r"^images_most: must be at least 1"),
        ((vit, TensorDataset(IMAGES, LABELS + 4)), {}, r"^images: label: must be at most 4 \(got 5\)$"),
        ((vit, TensorDataset(IMAGES[:, :1], LABELS)), {}, r"^images: must be a tensor of shape \(n, 2, 16, 16\)"),
    ]
    for arguments, options, message in cases:
        with pytest.raises(ps.InputError, match=message):
            measure_accuracy(*arguments, **options)
    apply_plan(pruned, ps.plan(PLAIN))
    assert measure_accuracy(pruned, SEVEN, tokens=[4]).table == measure_accuracy(vit, SEVEN, tokens=[4]).table
    for label in range(3):
        (tmp_path / "images" / str(label)).mkdir(parents=True)
        (tmp_path / "images" / str(label) / "1.png").write_bytes(b"")
    with pytest.raises(ps.InputError, match=r"^images: the model has 5 classes, numbered .* \(got 3\)$"):
        measure_accuracy(vit, tmp_path / "images")
