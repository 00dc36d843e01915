"""Measured machines of other people: what is exact, what is fitted on which rows, and how far the others are."""

import csv
import dataclasses
import random
from pathlib import Path

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.hardware.loading import load_hardware
from pivotsim.plots.hardware.validation import draw_validation, validation_data
from pivotsim.plots.style import new_axes
from pivotsim.truth import heatvit
from pivotsim.truth.arrays import memory_clocks, seconds_with_calls
from pivotsim.truth.machines import MACHINES
from pivotsim.truth.measured import Measured, measured_rows
from pivotsim.truth.pipelines import first_images
from pivotsim.truth.scores import fitted_constants, score
from pivotsim.truth.validation import summary_table


@pytest.fixture(scope="module")
def found():
    return {name: ps.validate(name) for name in MACHINES}


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_has_its_file_whose_values_have_sources(name):
    hw = load_hardware(f"truth/{name}")
    assert hw.name == name
    compute = [row for row in hw.to_rows() if row[0].startswith(hw.compute)]
    assert compute and not [row[0] for row in compute if "from zcu102]" in row[3] or "PIVOT" in row[3]]


def test_heatvit_classes_are_exact_and_not_fitted(found):
    rows = [c for c in found["heatvit_kc705"].rows if c.row.group == "class"]
    assert len(rows) == 8 and all(c.predicted == c.row.value and not c.fitted for c in rows)


def test_heatvit_passes_are_the_fit_of_their_three_rows():
    """The constants of the board file are what 197 and 28 tokens give, to their last digit."""
    other = {(r.group, r.m): r.value for r in measured_rows("heatvit_kc705") if r.m}
    row, scores = 4 * 192, 3
    matrix = [[197 * row, scores * 197**2], [28 * row, scores * 28**2]]
    layer, softmax = np.linalg.solve(matrix, [other["block", 197], other["block", 28]])
    passes = load_hardware("truth/heatvit_kc705").serial.passes
    assert (passes.norm, passes.add, passes.softmax) == (round(layer, 4), round(layer, 4), round(softmax, 4))
    assert passes.selector == round(other["selector", 197] / 197 / 192, 4)


def test_heatvit_tokens_that_were_not_fitted(found):
    errors = {
        (c.row.group, c.row.m): 100 * c.error_frac for c in found["heatvit_kc705"].rows if c.row.m and not c.fitted
    }
    rounded = {key: round(error, 2) for key, error in errors.items()}
    assert rounded == {
        ("block", 100): 0.05, ("block", 55): -0.08, ("selector", 100): -7.93, ("selector", 55): -19.82,
        ("patch", 197): 6.98, ("final_norm", 28): -9.91,
    }  # fmt: skip


def test_heatvit_fitted_rows_are_marked(found):
    marked = [(c.row.group, c.row.m) for c in found["heatvit_kc705"].rows if c.fitted]
    assert sorted(marked) == [("block", 28), ("block", 197), ("selector", 197)]
    assert found["heatvit_kc705"].fitted_count == 3


def test_vck190_slope_is_exact_on_both_editions(found):
    rows = [c for c in found["vck190_dsp58"].rows if c.row.case != "two of 32^3"]
    assert len(rows) == 10 and all(c.predicted == pytest.approx(c.row.value, abs=1e-6) for c in rows)
    assert sum(c.fitted for c in rows) == 2
    counters = {group: each["counter"] for group, each in found["vck190_dsp58"].constants.items()}
    assert counters == pytest.approx({"2023.1": -30, "2025.2": -45})


def test_vck190_two_small_products_run_as_one(found):
    rows = {c.row.group: c for c in found["vck190_dsp58"].rows if c.row.case == "two of 32^3"}
    assert {group: round(c.predicted - c.row.value, 6) for group, c in rows.items()} == {"2023.1": 1.0, "2025.2": 0.0}


def test_u250_errors_without_a_fitted_constant(found):
    assert found["u250_blas"].fitted_count == 0 and not any(c.fitted for c in found["u250_blas"].rows)
    errors = [round(100 * c.error_frac, 1) for c in found["u250_blas"].rows]
    assert errors == [-26.6, -22.5, -16.4, -32.5, -28.1]


NO_BLOCK = {"memories.output_block_rows": 0, "memories.output_block_cols": 0, "memories.chunk": 0,
            "memories.loop_order": "auto"}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        (NO_BLOCK, [-9.6, 10.2, 4.8, -17.1, 71.3]),
        (NO_BLOCK | {"array.dataflow": "ws"}, [13.9, 34.3, 19.9, -2.5, 3.9]),
        *(
            ({"memories.axi_bursts": "row", "memories.axi_read_burst_clocks": clocks}, [error])
            for clocks, error in ((4, -21.2), (6, -3.3), (8, 14.7))
        ),
    ],
)
def test_u250_otherwise_is_as_its_page_says(changed, errors):
    rows = measured_rows("u250_blas")[-len(errors) :]
    predicted = memory_clocks(rows, load_hardware("truth/u250_blas").replace(changed))
    found = [round(100 * (clocks / row.value - 1), 1) for clocks, row in zip(predicted, rows, strict=True)]
    assert found == errors


def test_hgpipe_is_exact_in_25_blocks_that_were_not_fitted(found):
    rows = found["hgpipe_vck190"].rows
    assert [c.row.group for c in rows if c.fitted] == ["patch_embed"] and found["hgpipe_vck190"].fitted_count == 1
    assert len(rows) == 26 and all(c.predicted == c.row.value for c in rows)
    assert {c.row.group: c.row.value for c in rows} == {
        "patch_embed": 56_449, "attention": 57_625, "mlp": 56_449, "head": 48_001,
    }  # fmt: skip


def test_hgpipe_constant_is_what_the_patch_embedding_takes_beside_its_steps():
    steps = 196 // 2 * (768 // 16) * (192 // 16)
    assert load_hardware("truth/hgpipe_vck190").pipeline.image_clocks == 56_449 - steps == 1


def test_finn_is_short_of_nearly_the_same_clocks_in_both_foldings(found):
    short = {c.row.group: round(c.row.value - c.predicted) for c in found["finn_tinydeit"].rows}
    assert short == {"W3A3": 25_201, "W4A4": 24_474} and found["finn_tinydeit"].fitted_count == 0


def test_finn_with_heads_side_by_side_would_be_far_too_fast():
    board = load_hardware("truth/finn_tinydeit").replace({"pipeline.head_order": "rows"})
    (row, _) = measured_rows("finn_tinydeit")
    assert first_images([row], board)[0] / row.value - 1 == pytest.approx(-0.298, abs=0.0005)


@pytest.mark.parametrize(("board", "estimate", "found"), [("", 116_674, 116_427), ("_w4a4", 232_854, 232_854)])
def test_finns_own_estimates_of_the_slowest_stage(board, estimate, found):
    """W3A3: 3 * 197 * 197 clocks of softmax, to which FINN's estimate adds 247."""
    report = ps.simulate(ps.plan("deit_t"), f"truth/finn_tinydeit{board}")
    assert max(row["image_clocks"] for row in report.details.stage_rows().values()) == found
    assert found <= estimate < found + 250


@pytest.mark.parametrize(
    ("name", "constants", "mape_percent"),
    [("tpu_v4", 8, 7.63), ("feather_zcu104", 4, 3.66), ("deit_on_fpga", 2, 2.46)],
)
def test_errors_on_rows_that_were_not_fitted(found, name, constants, mape_percent):
    each = found[name]
    assert each.fitted_count == constants
    assert 100 * each.score(False).mape_frac == pytest.approx(mape_percent, abs=0.005)


def test_driver_calls_are_the_fit_of_one_notebook():
    """The calls of the board file are what notebook v1 gives beside the array's own clocks, to their last digit."""
    hw = load_hardware("truth/deit_on_fpga")
    rows = [row for row in measured_rows("deit_on_fpga") if row.group == "v1"]
    without = hw.replace({"calls.fold_us": 0.0, "calls.result_tile_us": 0.0})
    rest = seconds_with_calls(rows, without)
    terms = np.stack(
        [
            seconds_with_calls(rows, without.replace({f"calls.{name}": 1e6})) - rest
            for name in ("fold_us", "result_tile_us")
        ],
        axis=1,
    )
    fitted = 1e6 * fitted_constants(terms, rest, np.array([row.value for row in rows]))
    assert fitted == pytest.approx([hw.calls.fold_us, hw.calls.result_tile_us], abs=6e-4)
    qkv = rows[0]
    assert (qkv.m, qkv.k, qkv.n) == (197, 192, 576) and terms[0].tolist() == pytest.approx([16 * 36, 36])


def test_constants_do_not_see_rows_that_are_not_fitted(monkeypatch):
    """Doubling every row that is not fitted changes no constant."""
    own = measured_rows("feather_zcu104")
    before = ps.validate("feather_zcu104")
    fitted = {c.row for c in before.rows if c.fitted}
    changed = [row if row in fitted else row._replace(value=2 * row.value) for row in own]
    assert changed != own
    monkeypatch.setattr("pivotsim.truth.validation.measured_rows", lambda name: changed)
    assert ps.validate("feather_zcu104").constants == before.constants


class TestFurtherRows:
    def test_are_judged_with_the_constants_of_the_packages_rows(self, found):
        own = found["feather_zcu104"]
        rows = [c.row for c in own.rows[:3]]
        again = ps.validate("feather_zcu104", rows)
        assert again.constants == own.constants and again.fitted_count == own.fitted_count
        assert [c.predicted for c in again.rows] == pytest.approx([c.predicted for c in own.rows[:3]])
        assert not any(c.fitted for c in again.rows)

    def test_are_read_from_a_file(self, tmp_path):
        path = tmp_path / "rows.csv"
        for separator in ",;\t":
            text = "group,case,m,k,n,value\n128-512,x,256,256,256,4.0\n"
            path.write_text(text.replace(",", separator))
            (row,) = ps.validate("tpu_v4", path).rows
            assert row.row == Measured("128-512", "x", 256, 256, 256, 4.0)

    def test_outside_the_measured_sizes_are_said(self, found):
        said = "outside the sizes that were measured"
        assert said not in str(found["tpu_v4"])
        far = [Measured("32-128", "x", 64, 64, 64, 4.0), Measured("32-128", "x", 64, 4096, 64, 4.0)]
        assert f"{said}, so that nothing vouches for them: 1 row" in str(ps.validate("tpu_v4", far))

    @pytest.mark.parametrize(
        ("name", "text", "problem"),
        [
            ("tpu_v4", "m,k,n\n1,2,3\n", ":1: needs the columns group, case, m, k, n, value (got m, k, n)"),
            ("tpu_v4", "group,case,m,k,n,value\n", ": has no rows"),
            ("tpu_v4", "group,case,m,k,n,value\n128-512,x,0,2,3,1\n", ":2: m: must be an integer from 1 to 2147483648 (got '0')"),
            ("tpu_v4", "group,case,m,k,n,value\n128-512,x,1,2,3,-1\n", ":2: value: must be a positive number (got '-1')"),
            ("tpu_v4", "group,case,m,k,n,value\nbig,x,1,2,3,1\n", "rows: group: 'tpu_v4' has constants for 32-128, 128-512, 128-1024, 1024-4096 only (got 'big')"),
            ("heatvit_kc705", "group,case,m,k,n,value\nx,x,1,2,3,1\n", "rows: 'heatvit_kc705' is measured by parts of its own, which no further row names"),
        ],
    )  # fmt: skip
    def test_that_are_wrong_are_told(self, tmp_path, name, text, problem):
        path = tmp_path / "rows.csv"
        path.write_text(text)
        with pytest.raises(ps.InputError) as error:
            ps.validate(name, path)
        assert problem in str(error.value)


def test_unknown_machine():
    with pytest.raises(ps.InputError, match="nearest valid name: 'tpu_v4'"):
        ps.validate("tpu_v5")


def test_score_by_hand():
    found = score([1.0, 2.0, 4.0], [1.1, 1.5, 4.0])
    assert (found.rows, round(found.mape_frac, 4), round(found.worst_frac, 4)) == (3, 0.1167, -0.25)
    assert found.r2 == pytest.approx(1 - 0.26 / (16 / 9 + 1 / 9 + 25 / 9))
    assert score([], []) == (0, None, None, None) and score([2.0], [1.0]).r2 is None


def test_fitted_constants_find_what_made_the_rows():
    draw = random.Random(5)
    terms = np.array([[1.0, draw.uniform(1, 1000)] for _ in range(20)])
    rest = np.array([draw.uniform(0, 9) for _ in range(20)])
    assert fitted_constants(terms, rest, terms @ [3.0, 0.25] + rest) == pytest.approx([3.0, 0.25])


def test_a_machine_is_one_line_where_it_is_not_printed(found):
    assert repr(found["u250_blas"]) == "<Validation: u250_blas, rows 5 not fitted (MAPE 25.21 %)>"
    assert repr(found["vck190_dsp58"]).endswith("rows 10 not fitted (MAPE 0.21 %) and 2 fitted (MAPE 0.00 %)>")


def test_rows_and_json_agree(found):
    for each in found.values():
        rows = each.to_dict()["rows"]
        assert len(rows) == len(each.rows) == each.score().rows
        assert {row["kind"] for row in rows} == {each.machine.kind}


def test_the_picture_has_a_point_for_every_row(found):
    data = validation_data(list(found.values()))
    assert [len(p.fitted) + len(p.not_fitted) for p in data] == [len(each.rows) for each in found.values()]
    vck = next(p for p in data if p.name == "vck190_dsp58")
    assert vck.fitted[0][0] == pytest.approx(145 / 375e6)
    _, (axes,) = new_axes(5, 5)
    draw_validation(data, axes)
    assert axes.get_xscale() == axes.get_yscale() == "log" and len(axes.collections) == 2 * len(data)


def test_the_designs_table_of_multiplications_covers_its_macs():
    """DeiT-T's blocks at four token counts: MACs of the classes as the design's documents count them."""
    macs = dict.fromkeys(("qkv", "proj", "scores", "ffn_up"), 0)
    for row in csv.DictReader(_table()):
        if row["class"] in macs and row["where"] == "block":
            for tokens in heatvit.TOKENS:
                work = dataclasses.asdict(heatvit._descriptor(row, tokens))
                macs[row["class"]] += 3 * work["m"] * work["k"] * work["n"] * work["heads"]
    assert macs == {"qkv": 126_074_880, "proj": 42_024_960, "scores": 30_307_968, "ffn_up": 168_099_840}


def _table():
    import importlib.resources

    folder = importlib.resources.files("pivotsim.truth").joinpath("data", "heatvit_multiplications.csv")
    return folder.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", ["array_alone", *MACHINES])
def test_no_changed_value_has_the_source_of_the_board_below(name):
    """A value that differs from zcu102's says why itself."""
    hw, below = load_hardware(f"truth/{name}"), {row[0]: row[1] for row in load_hardware("zcu102").to_rows()}
    stale = [
        row[0] for row in hw.to_rows() if "from zcu102]" in row[3] and row[1] != below[row[0]] and row[0] != "name"
    ]
    assert not stale


def test_the_document_has_the_table_of_today(found):
    text = (Path(__file__).parents[3] / "docs" / "validation.md").read_text(encoding="utf-8")
    for row in summary_table(list(found.values())).rows:
        assert "| " + " | ".join(map(str, row)) + " |" in text
