"""show fit: the paper's figures beside the paper's design alone, and whose device it is."""

import json
import re

import pytest

BOARD = "base: {base}\nkind: systolic\nname: {name}\ndescription: x\n{more}"


@pytest.fixture
def board(tmp_path):
    def write(name, more="", base="zcu102"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(BOARD.format(base=base, name=name, more=more))
        return path

    return write


def shown(pivotsim, *arguments):
    ran = pivotsim("show", "fit", *arguments)
    assert (ran.code, ran.err) == (0, "")
    return ran.out, json.loads(pivotsim("show", "fit", *arguments, "--json").out)


def test_the_papers_design_has_the_published_column(pivotsim):
    text, data = shown(pivotsim)
    assert re.search(r"^resource .* mark +PIVOT, published +from$", text, re.M)
    assert data["published"] == {"dsp": 2304, "lut": 4566, "ff": 20668, "bram36": 48}
    assert text.startswith("zcu102 on XCZU9EG: fits\n") and "inherited" not in text
    assert "device_inherited_from" not in data


@pytest.mark.parametrize(
    "more",
    ["array: {rows: 14, cols: 14}", "array: {dataflow: os}", "power: {board_w: 2.5}", "memories: {gb_bytes: 32768}"],
)
def test_another_design_has_not(pivotsim, board, more):
    text, data = shown(pivotsim, board("mine", more))
    assert "PIVOT, published" not in text and data["published"] is None
    assert not re.search(r"4,566|20,668 +20,668", text)
    assert text.startswith("mine on XCZU9EG [inherited from zcu102]: ")
    assert "  fpga.device: [inherited from zcu102] a board on another device states fpga" in text
    assert data["device_inherited_from"] == "zcu102"


def test_a_setting_makes_another_design_of_the_same_device(pivotsim):
    text, data = shown(pivotsim, "zcu102", "--set", "array.cols=35")
    assert "PIVOT, published" not in text and data["published"] is None
    assert text.startswith("zcu102 on XCZU9EG: fits\n")


def test_a_copy_has_the_papers_figures_and_a_borrowed_device(pivotsim, board):
    text, data = shown(pivotsim, board("copy"))
    assert "PIVOT, published" in text and data["published"]["dsp"] == 2304
    assert text.startswith("copy on XCZU9EG [inherited from zcu102]: fits")


def test_a_stated_device_is_the_boards_own(pivotsim, board):
    own = "fpga: {device: XC7Z020, dsp: 220, bram36: 140, lut: 53200, ff: 106400}"
    text, data = shown(pivotsim, board("pynq", f"array: {{rows: 14, cols: 14}}\n{own}"))
    assert text.startswith("pynq on XC7Z020: ") and "fpga.device" not in text and "device_inherited_from" not in data
    text, _ = shown(pivotsim, board("mine"), "--set", "fpga.device=XC7Z020")
    assert text.startswith("mine on XC7Z020 with counts [inherited from zcu102]: ") and "fpga.device" not in text


def test_the_lender_is_the_file_that_states_it(pivotsim, board):
    board("pynq", "fpga: {device: XC7Z020}")
    text, data = shown(pivotsim, board("small", "array: {rows: 8}", base="pynq"))
    assert text.startswith("small on XC7Z020 [inherited from pynq]: ") and data["device_inherited_from"] == "pynq"
    assert shown(pivotsim, "zcu102_os")[1]["device_inherited_from"] == "zcu102"


def test_elements_that_no_verilog_packs_are_said_beside_their_dsps(pivotsim):
    settings = ("array.mac_packing=2", "array.fold_overlap=pipelined", "fpga.use.counted_by=fitted")
    text, _ = shown(pivotsim, "zcu102", *(word for setting in settings for word in ("--set", setting)))
    heading, columns, below = text.partition("Beside these demands")[2].partition("\ncolumns            1,152 ")
    assert "DSPs are those of two columns in each, though no Verilog packs under this overlap" in " ".join(
        heading.split()
    )
    assert columns and "array.mac_packing: no Verilog packs" in below


FITTED_ALONE = "what `rtl` writes DOES NOT FIT"


def test_a_board_that_fits_by_fitted_constants_alone_says_so(pivotsim):
    fitted = ("--set", "fpga.use.counted_by=fitted")
    text, data = shown(pivotsim, "zcu102_os", *fitted)
    assert re.match(r"zcu102_os on XCZU9EG.*: fits\nby constants fitted to PIVOT's design; " + FITTED_ALONE, text)
    assert data["synthesis"]["total"]["lut"] > data["resources"]["lut"]["bound"]
    assert FITTED_ALONE not in shown(pivotsim, "zcu102", *fitted)[0]
    text, _ = shown(pivotsim, "zcu102_os")
    assert re.match(r"zcu102_os on XCZU9EG.*: DOES NOT FIT", text) and FITTED_ALONE not in text


def test_a_board_that_fits_in_slices_that_rtl_does_not_write_says_so(pivotsim):
    said = "in slices; what `rtl` writes for none, elements of logic, DOES NOT FIT"
    text, _ = shown(pivotsim, "zcu102", "--set", "fpga.lut=100000")
    assert text.startswith(f"zcu102 on XCZU9EG: fits\n{said}\n")
    assert said not in shown(pivotsim, "zcu102")[0]
    assert said not in shown(pivotsim, "zcu102", "--set", "fpga.lut=1000")[0]


def test_parts_counted_by_synthesis_are_listed_once(pivotsim):
    text, _ = shown(pivotsim, "zcu102")
    assert len(re.findall("^.*write mover.*$", text, re.M)) == 1


def test_ultraram_stands_beside_block_rams_where_the_device_has_it(pivotsim):
    text, data = shown(pivotsim, "kv260")
    assert re.search(r"^part +DSP48E2 +LUT +FF +BRAM36 +URAM +levels +from$", text, re.M)
    assert re.search(r"^gb +0 +[\d,]+ +\d+ +0 +64 +\d+ +recorded$", text, re.M)
    assert data["resources"]["uram"]["demand"] == data["synthesis"]["total"]["uram"] == 64
    assert " URAM " not in shown(pivotsim, "zcu102")[0]
    few = ("--set", "fpga.uram=63", "--set", "fpga.use.counted_by=fitted")
    assert FITTED_ALONE in shown(pivotsim, "kv260", *few)[0]
