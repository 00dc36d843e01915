"""Recorded latencies: medians, holes, plans put together from them, and files that are wrong."""

import math

import pytest

import pivotsim as ps
from pivotsim.errors import InputError
from pivotsim.pruning.devices.protocol import Device, HasNotes, KnowsStaircase
from pivotsim.pruning.devices.recorded import read_recorded
from pivotsim.pruning.schedule import pruning_schedule
from pivotsim.pruning.token_plans import at_tokens, pruned_at

TEXT = """# command: make record
# machine: a quiet one
model,batch,tokens,repeat,latency_ms
deit_s,1,197,0,36.0
deit_s,1,197,1,30.0
deit_s,1,197,2,31.0
deit_s,1,128,0,20.0
deit_s,1,128,1,22.0
deit_s,2,197,0,60.0
"""
PLAN = ps.plan("deit_s")


@pytest.fixture
def device(tmp_path):
    path = tmp_path / "here.csv"
    path.write_text(TEXT)
    return read_recorded(path)


def test_medians_holes_and_header(device):
    assert device.latency_ms(PLAN) == 31.0
    assert device.latency_ms(PLAN, 2) == 60.0
    assert device.latency_ms(at_tokens(PLAN, 128)) == 21.0
    assert math.isnan(device.latency_ms(at_tokens(PLAN, 127)))
    assert device.header == {"command": "make record", "machine": "a quiet one"}
    assert isinstance(device, Device)
    assert isinstance(device, KnowsStaircase)


def test_a_pruned_plan_is_put_together_from_its_encoders_shares(device):
    found = device.latency_ms(pruned_at(PLAN, 4, 69))
    assert found == pytest.approx((7 * 31.0 + 17 * 21.0) / 24)  # halves: 3.5 encoders at 197, 8.5 at 128
    schedule = pruning_schedule(PLAN, device, {197: 79.8, 128: 76.0, 64: 60.0})
    assert (schedule.tokens.tolist(), schedule.best_tokens) == ([197, 128], 128)


def test_what_was_not_recorded_is_named(device):
    with pytest.raises(InputError, match=r"here: model: was not recorded \(got 'deit_t'\)"):
        device.latency_ms(ps.plan("deit_t"))
    with pytest.raises(InputError, match=r"here: batch: was not recorded for deit_s, recorded: 1, 2 \(got 4\)"):
        device.latency_ms(PLAN, 4)
    with pytest.raises(InputError, match="holds whole models"):
        device.latency_ms(ps.skip_attention(PLAN, active=[1]))


@pytest.mark.parametrize("changes", [{"depth": 6}, {"width": 768}])
def test_a_model_that_only_bears_the_name_is_refused(device, changes):
    """A recording holds names, not sizes: the name stands for the packaged model."""
    other = ps.plan(ps.load_model("deit_s").replace(changes))
    with pytest.raises(InputError, match=r"here: model: is not the packaged deit_s, the one that a recording means"):
        device.latency_ms(other)
    with pytest.raises(InputError, match="is not the packaged deit_s"):
        device.latencies_ms(other, [197])


def test_a_model_of_ones_own_is_known_by_its_name(tmp_path):
    path = tmp_path / "here.csv"
    path.write_text(TEXT.replace("deit_s", "mine"))
    mine = ps.plan(ps.load_model("deit_s").replace({"name": "mine", "depth": 6}))
    device = read_recorded(path)
    assert device.latency_ms(mine) == 31.0
    assert device.notes(mine)[0] == "model: [assumed] mine is the model that was recorded; a recording holds its name"


def test_its_notes_tell_the_machine_and_what_is_inferred(device, tmp_path):
    assert isinstance(device, HasNotes)
    assert device.notes(PLAN) == ("machine: a quiet one",)
    inferred = "[inferred] put together from recorded latencies: each encoder takes its share, half for the attention"
    pruned = f"pruned model: {inferred} and half for the MLP"
    assert device.notes(pruned_at(PLAN, 4, 69)) == ("machine: a quiet one", pruned)
    path = tmp_path / "bare.csv"
    path.write_text("\n".join(line for line in TEXT.splitlines() if line[0] != "#"))
    assert read_recorded(path).notes(PLAN) == ("machine: [assumed] not stated by the recording",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# not run: no such board here\nmodel,batch,tokens,repeat,latency_ms\n", "not run: no such board here"),
        ("# not run: no such board here\n", "not run: no such board here"),
        ("model,batch,tokens,repeat,latency_ms\n", "holds no recorded row"),
        ("model,batch,tokens,ms\ndeit_s,1,1,1\n", ":1: columns must be"),
        (TEXT + "deit_s,1,64,0\n", ":10: must have 5 cells"),
        (TEXT + "deit_s,one,64,0,1.0\n", ":10: batch: must be an integer"),
        (TEXT + "deit_s,1,6_4,0,1.0\n", ":10: tokens: must be an integer"),
        (TEXT + "deit_s,1,64,0,1_0.5\n", ":10: latency_ms: must be a number"),
        (TEXT + "deit_s,1,0,0,1.0\n", ":10: tokens: must be an integer of at least 1"),
        (TEXT + "deit_s,1,64,0,fast\n", ":10: latency_ms: must be a number"),
        (TEXT + "deit_s,1,64,0,nan\n", ":10: latency_ms: must be finite"),
        (TEXT + "deit_s,1,64,0,0\n", ":10: latency_ms: must be finite and above 0"),
    ],
)
def test_a_wrong_file_names_its_line(tmp_path, text, problem):
    path = tmp_path / "here.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=problem):
        read_recorded(path)


def test_a_hopeless_file_is_not_listed_to_its_end(tmp_path):
    path = tmp_path / "here.csv"
    path.write_text(TEXT + "x\n" * 100)
    with pytest.raises(InputError) as caught:
        read_recorded(path)
    assert len(caught.value.problems) == 20
