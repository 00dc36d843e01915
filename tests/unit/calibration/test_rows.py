"""Rows of a file: read back as they were written, and refused line by line."""

import pytest

import pivotsim as ps
from pivotsim.calibration import MeasuredRow, form_of, read_rows, rows_text

HEADER = "kind,m,k,n,repeats,cores,calls,model,module,ms,watts,note"


def test_a_form_is_read_back(tmp_path):
    rows = form_of("deit_s", cores=4)
    path = tmp_path / "form.csv"
    path.write_text(rows_text(rows, ["two", "lines"]))
    read = read_rows(path)
    assert [row._replace(place="") for row in read] == rows
    assert read[0].place == f"{path}:4"
    assert all(row.ms is None and row.watts is None for row in read)


def test_columns_may_be_left_out_and_separated_otherwise(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("\ufeffkind;m;n;ms\n\nGELU;8;96;0.5\n")
    assert read_rows(path) == [MeasuredRow("gelu", 8, 1, 96, ms=0.5, place=f"{path}:3")]
    path.write_text("model\tms\ndeit_s\t60\n")
    assert read_rows(path)[0].ms == 60


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("gelu,8,,96,,,,,,fast,,", "ms: must be a number above 0 and at most 1e+12 (got 'fast')"),
        ("gelu,8,,96,,,,,,-1,,", "ms: must be a number above 0"),
        ("gelu,8,,96,,,,,,nan,,", "ms: must be a number above 0"),
        ("gelu,8.5,,96,,,,,,1,,", "m: must be a whole number"),
        ("gelu,,,96,,,,,,1,,", "gelu needs m"),
        ("gemm,8,,96,,,,,,1,,", "gemm needs k"),
        ("gelu,8,4,96,,,,,,1,,", "k: only a gemm has it (got 4)"),
        ("gleu,8,,96,,,,,,1,,", "nearest valid name: 'gelu'"),
        ("gelu,8,,96,,,2,,,1,,", "calls: must be 1, or 0"),
        ("gelu,8,,96,,,,deit_s,,1,,", "not of both"),
        ("gelu,8,,96,,,,,fc1,1,,", "module: belongs to a model's row"),
        ("gelu,8,,96,,,,,,,3,", "watts: power is measured while a model runs"),
        (",,,,,,,,,1,,", "needs a kind of operation or a model"),
        (",,,,,,,deit_s,,1,2,", "a row has ms or watts, not both"),
        (",,,,,,,deit_s,fc9,1,,", "nearest valid name: 'fc"),
        (",8,,,,,,deit_s,,1,,", "m: sizes belong to a kind of operation"),
        (",,,,,,0,deit_s,,1,,", "calls: only an operation"),
        (",,,,,,,deit_s,fc1,,2,", "module: power is that of the whole model"),
        ("gelu,8,,96,,2000,,,,1,,", "cores: must lie in 1 to 1024"),
        ("gelu,8,,96,,,,,,1,,,,x", "has more cells than there are columns"),
    ],
)
def test_a_wrong_row_is_told_on_its_line(tmp_path, cells, problem):
    path = tmp_path / "rows.csv"
    path.write_text(f"# from a board\n{HEADER}\ngelu,8,,96,,,,,,1,,\n{cells}\n")
    with pytest.raises(ps.InputError) as error:
        read_rows(path)
    assert str(error.value).startswith(f"{path}:4: ") and problem in str(error.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("kind,m,n,mss\ngelu,8,8,1\n", ":1: unknown column (got 'mss'), nearest valid name: 'ms'"),
        ("kind,m,n\ngelu,8,8\n", ":1: needs a column ms or watts"),
        ("kind,m,n,ms,ms\n", ":1: column ms stands twice"),
        (f"{HEADER}\n", ": has no rows"),
        ("# nothing\n", ": has no rows"),
    ],
)
def test_a_wrong_file_is_told(tmp_path, text, problem):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(ps.InputError) as error:
        read_rows(path)
    assert problem in str(error.value)


def test_rows_of_a_program_are_checked_too():
    with pytest.raises(ps.InputError, match=r"^row 2: gelu needs n$"):
        ps.calibrate([MeasuredRow("gelu", 8, 1, 8, ms=1.0), MeasuredRow("gelu", 8, ms=1.0)])
    with pytest.raises(ps.InputError, match=r"none has a result; fill in ms or watts \(got 1 empty row\)"):
        ps.calibrate([MeasuredRow("gelu", 8, 1, 8)])


@pytest.mark.parametrize("model", ["deit_t", "dinov3_s"])
def test_a_filled_form_tells_every_constant_that_it_asks_for(model):
    from pivotsim.calibration.predictions import Predictor
    from tests.unit.calibration import synthetic

    rows = [row for row in form_of(model, cores=4) if "watts" not in row.note]
    times = Predictor(rows, synthetic.OPTIONS).times_ms(ps.load_hardware("zcu102"))
    found = ps.calibrate([row._replace(ms=float(ms)) for row, ms in zip(rows, times, strict=True)], draws=100)
    assert not found.untold
    kinds = {row.kind for row in rows} - {"gemm", "transfer", ""}
    assert len(found.fitted) == 2 * len(kinds) + 4 and len(kinds) >= 4
    assert found.condition < 1e4


@pytest.mark.parametrize("row", [{"kind": "gelu"}, ("gelu", 8), 5])
def test_a_row_of_another_type_is_one_clear_error(row):
    with pytest.raises(ps.InputError, match=r"^row 1: must be a MeasuredRow \(got "):
        ps.calibrate([row])
