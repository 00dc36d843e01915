"""Checkpoints of torch as what they leave out: forms of releases, types, and what must never run or fill memory."""

import argparse
import os
import pickle

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.importers.checkpoints.tensors import read_tensors
from tests.torch.small import FORMS, PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from pivotsim.importers.checkpoints.torch_files import MAX_WRAPPERS
from pivotsim.vit_torch.model.transformer import build_vit

WIDER = PLAIN.replace({"width": 48, "mlp_hidden": 80, "head_features": 48})


def saved(tmp_path, content, **options):
    path = tmp_path / "vit.pth"
    torch.save(content, path, **options)
    return path


def pruned_state(plan):
    """The state dict of a ViT, zero where the plan's masks say so."""
    state = build_vit(plan.model, seed=1).state_dict()
    names = {"qkv": "attn.qkv", "proj": "attn.proj", "fc1": "mlp.fc1", "fc2": "mlp.fc2"}
    for e in plan.encoders:
        for label, mask in e.weight_masks.items():
            state[f"blocks.{e.encoder - 1}.{names[label]}.weight"] *= torch.tensor(mask.elements().T)
    return state


@pytest.mark.parametrize("block", [4, 8, 12])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"model": state, "args": argparse.Namespace(lr=0.1), "epoch": 3},
        lambda state: {"state_dict": {f"module.{name}": weight for name, weight in state.items()}},
        lambda state: {name: weight.bfloat16() for name, weight in state.items()},
    ],
    ids=["alone", "as of DeiT", "of DataParallel", "bfloat16"],
)
def test_masks_come_back(block, wrap, tmp_path):
    pruned = ps.prune_blocks(ps.plan(WIDER), block=block, density=0.5)
    found = ps.with_checkpoint(ps.plan(WIDER), saved(tmp_path, wrap(pruned_state(pruned))))
    assert [e.weight_masks for e in found.encoders] == [e.weight_masks for e in pruned.encoders]


def test_an_imported_module_and_its_own_checkpoint(tmp_path):
    pruned = ps.prune_blocks(ps.plan(WIDER), block=8, density=0.5)
    vit = build_vit(WIDER).eval()
    trace = ps.trace_of(vit, torch.zeros(1, 2, 16, 16))
    found = ps.with_checkpoint(trace, saved(tmp_path, pruned_state(pruned)))
    wanted = {e.encoder: dict(e.weight_masks) for e in pruned.encoders}
    for op in found:
        assert found.mask_of(op) == wanted.get(op.encoder, {}).get(op.module)
    assert found.macs == ps.lower(pruned).macs


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}], ids=["mapped", "of before 1.6"])
@pytest.mark.parametrize("form", FORMS)
def test_zeros_are_those_of_the_tensors(form, options, tmp_path):
    state = build_vit(FORMS[form]).state_dict()
    state = {name: weight * (torch.rand(weight.shape) > 0.3) for name, weight in state.items()}
    found = read_tensors(saved(tmp_path, state, **options))
    assert {name: tensor.shape for name, tensor in found.items()} == {name: tuple(w.shape) for name, w in state.items()}
    assert all(np.array_equal(found[name].zeros(), (weight == 0).numpy()) for name, weight in state.items())


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "int8", "bool"])
def test_zeros_of_every_type(dtype, tmp_path):
    found = read_tensors(saved(tmp_path, {"a": torch.tensor([0.0, -0.0, 1.0]).to(getattr(torch, dtype))}))
    assert found["a"].zeros().tolist() == [True, True, False]


class Harmful:
    def __reduce__(self):
        return (os.mkdir, ("harm",))


@pytest.mark.parametrize("write", [torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))])
@pytest.mark.parametrize("suffix", ["pth", "pt", "bin"])
def test_nothing_in_a_file_runs(write, suffix, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"harmful.{suffix}"
    write({"model": Harmful()}, path)
    with pytest.raises(ps.InputError, match="is no checkpoint of tensors alone: ") as caught:
        ps.with_checkpoint(ps.plan("deit_t"), path)
    assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "harm").exists()


def endless():
    found = {}
    found["model"] = found
    return found


def nested(depth):
    found = {"a": torch.zeros(2)}
    for _ in range(depth):
        found = {"model": found}
    return found


REFUSED = {
    "in itself": (endless, "must hold a state dict"),
    "too deep": (lambda: nested(MAX_WRAPPERS + 1), "must hold a state dict"),
    "empty": (dict, "must hold a state dict"),
    "no names": (lambda: {1: torch.zeros(1)}, "names must be text"),
    "sparse": (lambda: {"a": torch.eye(3).to_sparse()}, "a: must be a dense tensor of real numbers .got 'sparse'"),
    "meta": (lambda: {"a": torch.zeros(3, device="meta")}, "without data"),
    "complex": (lambda: {"a": torch.zeros(3) + 1j}, "complex"),
    "endless tensor": (lambda: {"a": torch.zeros(1).expand(10**6, 10**6)}, "of more elements than are stored"),
    "twice": (lambda: {"a": torch.zeros(1), "module.a": torch.zeros(1)}, "holds a weight twice"),
}


@pytest.mark.parametrize(("content", "line"), REFUSED.values(), ids=list(REFUSED))
def test_what_holds_no_weights_is_told(content, line, tmp_path):
    with pytest.raises(ps.InputError, match=line):
        read_tensors(saved(tmp_path, content()))


def test_as_many_wrappers_as_allowed_are_read(tmp_path):
    assert list(read_tensors(saved(tmp_path, nested(MAX_WRAPPERS)))) == ["a"]


def test_what_torch_quotes_of_a_file_is_printable(tmp_path):
    path = saved(tmp_path, {"a": torch.zeros(2)})
    path.write_bytes(path.read_bytes().replace(b"vit/byteorder", b"vi\x01\x02byteorder"))
    with pytest.raises(ps.InputError, match=r"is no checkpoint of tensors alone: .*\?\?byteorder") as caught:
        read_tensors(path)
    assert str(caught.value).isprintable()


def test_a_truncated_file_is_one_line(tmp_path):
    path = saved(tmp_path, build_vit(PLAIN).state_dict())
    content = path.read_bytes()
    for length in (0, 3, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(ps.InputError, match="is no checkpoint of tensors alone") as caught:
            read_tensors(path)
        assert len(str(caught.value).splitlines()) == 1
