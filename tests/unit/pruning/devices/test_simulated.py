"""The fast staircase equals simulate() one by one, bit for bit, whatever the options."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.errors import InputError
from pivotsim.pruning.devices.protocol import ChargesPruning, Device, HasNotes, KnowsStaircase
from pivotsim.pruning.devices.simulated import Simulated
from pivotsim.pruning.token_plans import at_tokens, pruned_at

DEIT, COUNTS = ps.plan("deit_t"), [1, 2, 35, 36, 37, 63, 64, 65, 196, 197]
PL_SCORE = ps.load_hardware("zcu102").replace({"placement.score": "pl"})
PL_NORM = ps.load_hardware("zcu102").replace({"placement.norm": "pl"})  # a transfer between every two encoders


@pytest.mark.parametrize("part", ["delay", "array"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"profile": "full"},
        {"hw": PL_NORM, "profile": "full"},
        {"engine": "memory", "memory": "hw"},
        {"engine": "pe"},
        {"scope": "all"},
        {"hw": ps.load_hardware("zcu102").replace({"host.ps_pl_overlap": "heads"})},
    ],
    ids=["paper", "full", "transfers", "memory", "pe", "scope all", "heads"],
)
def test_one_run_equals_many(options, part):
    device = Simulated(**options, part=part)
    counts = COUNTS if options.get("engine") != "pe" else [1, 2]
    fast = device.latencies_ms(DEIT, counts)
    assert fast.tolist() == [device.latency_ms(at_tokens(DEIT, n)) for n in counts]


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("active", [[], [1], [12], [2, 5, 11]])
def test_skipped_attentions_and_batches_too(active, batch):
    plan, device = ps.skip_attention(ps.plan("deit_t"), active=active), Simulated(PL_NORM, profile="full")
    fast = device.latencies_ms(plan, [7, 64, 197], batch)
    assert fast.tolist() == [device.latency_ms(at_tokens(plan, n), batch) for n in (7, 64, 197)]


def test_a_gated_mlp_too():
    plan, device = ps.plan(ps.load_model("dinov2_g").replace({"depth": 3}), qkv="separate", score_bits=32), Simulated()
    assert device.latencies_ms(plan, [256, 257]).tolist() == [device.latency_ms(at_tokens(plan, n)) for n in (256, 257)]


def test_it_is_a_device_and_all_that_a_device_can_be():
    device = Simulated()
    for form in (Device, KnowsStaircase, ChargesPruning, HasNotes):
        assert isinstance(device, form)
    assert device.latencies_ms(DEIT, []).shape == (0,)
    assert Simulated(part="array").pruning_ms(pruned_at(DEIT, 4, 5)) == 0


@pytest.mark.parametrize(
    ("hw", "part", "sides"),
    [
        ("zcu102", "delay", ["processor side"]),
        ("zcu102", "array", []),
        ("u250_mpca", "delay", ["programmable logic"]),
        ("u250_mpca", "array", ["programmable logic"]),
        (PL_SCORE, "delay", ["processor side", "programmable logic"]),
    ],
)
def test_notes_say_where_the_pruning_is_charged(hw, part, sides):
    notes = [note for note in Simulated(hw, part=part).notes(pruned_at(DEIT, 4, 5)) if note.startswith("pruning: ")]
    assert len(notes) == len(sides)
    assert all(side in note for side, note in zip(sides, notes, strict=True))
    assert not any(note.startswith("pruning: ") for note in Simulated(hw, part=part).notes(DEIT))


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"part": "half"}, "part: must be one of"), ({"engine": "guess"}, "engine"), ({"hw": "none"}, "hardware")],
)
def test_wrong_options_are_refused(options, problem):
    with pytest.raises(InputError, match=problem):
        Simulated(**options).latencies_ms(DEIT, [1])


def test_what_does_not_fit_the_memories_is_named():
    with pytest.raises(InputError, match=r"gemm 63x192x576: opmem: psums .* does not fit"):
        Simulated("zcu102_os", engine="memory", memory="hw").latencies_ms(DEIT, [1, 63])


@pytest.mark.parametrize("tokens", [[0], [2.5], [5, -1]])
def test_wrong_counts_are_refused(tokens):
    with pytest.raises(InputError, match="tokens: must be"):
        Simulated().latencies_ms(DEIT, tokens)


def test_numpys_counts_are_counts():
    assert Simulated().latencies_ms(DEIT, np.array([5])).shape == (1,)


def test_its_name_is_the_boards():
    assert (Simulated("zcu102").name, Simulated("zcu102", part="array").name) == ("zcu102", "zcu102, array alone")
    with pytest.raises(TypeError, match="name"):
        Simulated("zcu102", name="mine")
