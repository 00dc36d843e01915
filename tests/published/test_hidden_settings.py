"""infer_settings: brute force beside it, what is said, and misuse."""

import itertools
import json

import pytest

import pivotsim as ps
from pivotsim.published.hidden_settings.vary import MAX_COMBINATIONS

PAIRS = {"effort.low": list(range(1, 12)), "effort.high": {"start": 2, "stop": 12, "step": 1}}


def test_pvds_50_among_66_pairs():
    found = ps.infer_settings("pvds_50", {**PAIRS, "effort.low_frac": "free"}, gate="none")
    assert found.counted == "1 of 66 tried meets all cells"
    assert (found.best.settings["effort.low"], found.best.settings["effort.high"]) == (6, 12)
    low, high = found.best.ranges["effort.low_frac"]
    assert (low, high) == pytest.approx((0.799833, 0.800084), abs=1e-6)
    assert "left out, not tried: 55 combinations: effort.low is not below effort.high" in found.notes
    assert any("is inferred" in note for note in found.notes)  # the sample's source


def test_which_edp_is_printed_is_a_setting_too():
    definitions = ["mean_image", "sum_of_efforts", "mean_of_images"]
    cells = {"delay": "48.47", "energy": "0.38", "edp": "16.21"}
    found = ps.infer_settings(
        cells, {**PAIRS, "effort.low_frac": "free", "edp_definition": definitions}, gate="none"
    )  # fmt: skip
    assert found.counted == "1 of 198 tried meets all cells"
    assert found.best.settings["edp_definition"] == "sum_of_efforts"


def test_the_same_as_simulating_every_design():
    """Depth, heads and clock of a delay, one by one through the public functions."""
    vary = {"model.depth": [11, 12, 13], "model.heads": [4, 6], "array.clock_mhz": [100, 125, 150], "qkv": ["separate"]}
    cells = {"delay": "55.6", "softmax_share": "64"}
    found = ps.infer_settings(cells, vary)
    slow = {}
    for depth, heads, clock in itertools.product([11, 12, 13], [4, 6], [100, 125, 150]):
        model = ps.load_model("deit_s").replace({"depth": depth, "heads": heads})
        hw = ps.load_hardware("zcu102").replace({"array.clock_mhz": clock})
        report = ps.simulate(ps.plan(model, qkv="separate"), hw)
        slow[depth, heads, clock] = report.delay_ms, 100 * report.breakdown("group")["softmax"]["share"]
    assert found.tried == len(slow) == 18
    for one in found.candidates:
        key = tuple(one.settings[name] for name in ("model.depth", "model.heads", "array.clock_mhz"))
        assert (one.values["delay"], one.values["softmax_share"]) == pytest.approx(slow[key], rel=1e-12)
        assert one.fits == (55.55 <= slow[key][0] <= 55.7 and 63.5 <= slow[key][1] <= 65)


@pytest.mark.parametrize("gate", ["entropy", "none"])
def test_a_pair_at_a_stated_fraction_is_that_of_combine(gate):
    vary = {"effort.low": [3], "effort.high": [12], "effort.low_frac": [0.7, 0.8]}
    found = ps.infer_settings({"delay": 36.9, "edp_mean_of_images": 15}, vary, gate=gate)
    whole = ps.plan("deit_s")
    reports = [ps.simulate(ps.skip_attention(whole, active=range(1, n + 1))) for n in (3, 12)]
    for one in found.candidates:
        frac = one.settings["effort.low_frac"]
        mix = ps.combine(reports, [frac, 1 - frac], gate=gate)
        assert one.values["delay"] == pytest.approx(mix.delay_ms, rel=1e-12)
        assert one.values["edp_mean_of_images"] == pytest.approx(mix.edp_mean_of_images_j_ms, rel=1e-12)


def test_options_of_a_run_are_settings():
    vary = {"scope": ["encoders", "all"], "profile": ["paper", "full"], "energy": ["constant", "activity"]}
    found = ps.infer_settings({"delay": 59.66}, vary)
    assert found.tried == 8 and {one.settings["scope"] for one in found.fitting} == {"encoders"}
    assert len(found.fitting) == 2  # either energy rule has this delay
    assert "energy: changes none of these cells, so they say nothing of it" in found.notes


def test_a_constant_that_is_varied_stands_behind_no_number():
    found = ps.infer_settings({"delay": 59.66}, {"array.mac_latency": [1, 2]})
    assert not any(note.startswith("array.mac_latency:") for note in found.notes)
    assert any(note.startswith("array.edge: [assumed]") for note in found.notes)


def test_what_no_candidate_meets_is_said():
    found = ps.infer_settings({"delay": 59.66, "fps": 900}, {"model.depth": [11, 12]})
    assert found.fitting == [] and len(found.unmet) == 1
    assert found.unmet[0].startswith("fps 900 1/s: no candidate meets it; the nearest is 18.285 1/s (model.depth 11)")
    assert found.table("t").closing[1] == found.unmet[0]
    json.dumps(found.to_dict(), allow_nan=False)


def test_combinations_that_cannot_run_are_counted():
    found = ps.infer_settings({"delay": 59.66}, {"model.heads": [5, 6], "effort.low": [3], "effort.high": [12],
                                                 "effort.low_frac": [0.5]})  # fmt: skip
    assert found.tried == 1
    assert any(note.startswith("left out, not tried: 1 combination: ") and "heads" in note for note in found.notes)


def test_a_tolerance_widens_a_cell(tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text("quantity;value;unit;tolerance\ndelay;60;ms;1%\nenergy;0.5;J;0.03\n")
    found = ps.infer_settings(path, {"model.depth": [11, 12, 13]})
    assert [one.settings["model.depth"] for one in found.fitting] == [12]
    assert [(round(c.reach.low, 6), round(c.reach.high, 6)) for c in found.cells] == [(58.9, 61.6), (0.42, 0.63)]


@pytest.mark.parametrize(
    ("claims", "vary", "message"),
    [
        ({"delai": 4}, {"model.depth": [3]}, "claims: quantity: is not known (got 'delai'), nearest"),
        ({"qkt_shar": 4}, {"model.depth": [3]}, "claims: quantity: is not known (got 'qkt_shar'), nearest"),
        ({"delay": "x"}, {"model.depth": [3]}, "claims: value: must be a plain number, as 48.47 (got 'x')"),
        ({"delay": True}, {"model.depth": [3]}, "claims: delay: must be a number (got true)"),
        (
            {"delay": 59.66},
            {"effort.low": [9], "effort.high": [6], "effort.low_frac": "free"},
            "vary: no combination can run: effort.low is not below effort.high",
        ),
        ({}, {"model.depth": [3]}, "claims: at least one cell is needed (got none)"),
        ({"delay": 4}, {}, "vary: at least one setting is needed (got none)"),
        ({"delay": 4}, {"model.dept": [3]}, "vary: model.dept: unknown setting, nearest valid name: 'model.depth'"),
        ({"delay": 4}, {"scope": ["al"]}, "vary: scope: must be one of encoders, all (got 'al'), nearest valid name"),
        ({"delay": 4}, {"array.rows": [0]}, "vary: array.rows: must be at least 1 (got 0)"),
        ({"delay": 4}, {"array.rows": [8, 8]}, "vary: array.rows: a value stands twice (got 8)"),
        ({"delay": 4}, {"array.rows": 8}, "vary: array.rows: must be a list, or a range of start, stop and step"),
        ({"delay": 4}, {"effort.low": [3]}, "vary: effort.high: is missing beside the rest of the pair"),
        ({"delay": 4}, {"edp_definition": ["mean_image"]}, "vary: edp_definition: needs a pair, effort.low, "),
        ({"delay": 4}, {"array.rows": {"start": 1, "stop": MAX_COMBINATIONS + 1, "step": 1}},
         "vary: makes more than 20,000 combinations, which is the most (got 20001)"),
        ({"delay": 4}, {"effort.low": [3], "effort.high": [2], "effort.low_frac": [0.5]},
         "vary: no combination can run: effort.low is not below effort.high"),
        ({"delay": -4}, {"model.depth": [3]}, "claims: value: delay must be finite and above 0 (got '-4')"),
        ({"fps": "9" * 400}, {"model.depth": [3]}, "claims: value: fps must be finite and above 0 (got '999"),
        ({"delay": 4}, {"model.heads": [5]}, "vary: no combination can run: "),
    ],
)  # fmt: skip
def test_misuse(claims, vary, message):
    with pytest.raises(ps.InputError) as error:
        ps.infer_settings(claims, vary)
    assert str(error.value).splitlines()[0].startswith(message)


def test_a_share_of_nothing_is_a_value():
    assert ps.infer_settings({"head_share": 0}, {"model.depth": [12]}).best.values == {"head_share": 0}


def test_a_sample_of_another_model_is_refused():
    with pytest.raises(ps.InputError, match="the sample 'pvds_50' is of deit_s"):
        ps.infer_settings("pvds_50", {"model.depth": [3]}, model="lvvit_s")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("quantity,valu\ndelay,3\n", ":1: valu: unknown column, nearest valid name: 'value'"),
        ("quantity,unit\ndelay,ms\n", ":1: column 'value' is missing"),
        ("quantity,value\ndelay,3,4\n", ":2: expected 2 cells (got 3)"),
        ("quantity,value,unit\ndelay,3,s\n", ":2: unit: delay is in ms (got 's')"),
        ("quantity,value\ndelay,3\ndelay,4\n", ":3: delay: stands twice (got '4')"),
        ("quantity,value,tolerance\ndelay,3,x\n", ":2: tolerance: must be a number, or one in %"),
        ("quantity,value\n", "claims.csv: at least one cell is needed (got none)"),
        ("quantity,value\nenergy,0\n", ":2: value: energy must be finite and above 0 (got '0')"),
        ("quantity,value\nqkt_share,101\n", ":2: value: qkt_share must lie in 0 to 100 % (got '101')"),
        ("quantity,value\nqkt_share,-1\n", ":2: value: qkt_share must lie in 0 to 100 % (got '-1')"),
    ],
)
def test_misuse_of_files(tmp_path, text, message):
    path = tmp_path / "claims.csv"
    path.write_text(text)
    with pytest.raises(ps.InputError) as error:
        ps.infer_settings(path, {"model.depth": [12]})
    assert message in str(error.value)
