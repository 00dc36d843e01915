"""Checkpoints: forms that releases have, what does not fit, and what must never run."""

import pickle
import re

import pytest

import pivotsim as ps
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from pivotsim.vit_torch.model.checkpoints import load_checkpoint
from pivotsim.vit_torch.model.transformer import build_vit


def saved(tmp_path, content):
    path = tmp_path / "vit.pth"
    torch.save(content, path)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_weights_come_back(form, tmp_path):
    theirs, own = build_vit(FORMS[form], seed=1), build_vit(FORMS[form], seed=2)
    load_checkpoint(own, saved(tmp_path, theirs.state_dict()))
    assert all(torch.equal(weight, own.state_dict()[name]) for name, weight in theirs.state_dict().items())


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"model": state},
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": {"state_dict": state}},
        lambda state: {"module." + name: weight for name, weight in state.items()},
        lambda state: {"state_dict": {"module._orig_mod." + name: weight for name, weight in state.items()}},
    ],
)
def test_wrapped_weights_come_back(wrap, tmp_path):
    theirs, own = build_vit(PLAIN, seed=1), build_vit(PLAIN, seed=2)
    load_checkpoint(own, saved(tmp_path, wrap(theirs.state_dict())))
    assert torch.equal(own.head.weight, theirs.head.weight)


def test_every_misfit_is_told_and_nothing_changes(tmp_path):
    vit = build_vit(PLAIN)
    before = vit.head.weight.clone()
    state = {name: weight + 1 for name, weight in vit.state_dict().items()}
    state["blocks.9.norm1.weight"] = state.pop("norm.weight")
    state["head.bias"] = torch.zeros(7)
    path = saved(tmp_path, state)
    with pytest.raises(ps.InputError) as caught:
        load_checkpoint(vit, path)
    assert list(caught.value.problems) == [
        f"{path}: norm.weight: is missing",
        f"{path}: blocks.9.norm1.weight: is no weight of small",
        f"{path}: head.bias: must be a vector of 5 (got a vector of 7)",
    ]
    assert torch.equal(vit.head.weight, before)


class Harmful:
    def __reduce__(self):
        return (pytest.fail, ("a checkpoint ran code",))


@pytest.mark.parametrize("write", [torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))])
def test_nothing_in_a_file_runs(write, tmp_path):
    path = tmp_path / "harmful.pth"
    write({"model": Harmful()}, path)
    with pytest.raises(ps.InputError, match=re.escape(f"{path}: is no checkpoint of tensors alone: ")):
        load_checkpoint(build_vit(PLAIN), path)


def test_other_files_are_one_clear_line(tmp_path):
    vit = build_vit(PLAIN)
    with pytest.raises(ps.InputError, match=r"absent\.pth: no such file"):
        load_checkpoint(vit, tmp_path / "absent.pth")
    (tmp_path / "text.pth").write_text("weights")
    with pytest.raises(ps.InputError, match="is no checkpoint of tensors alone") as caught:
        load_checkpoint(vit, tmp_path / "text.pth")
    assert "\n" not in str(caught.value)
    for content in ([torch.zeros(1)], {"epoch": 3}, {"model": {"head": 1.0}}):
        with pytest.raises(ps.InputError, match="must hold a state dict"):
            load_checkpoint(vit, saved(tmp_path, content))
