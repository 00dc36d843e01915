"""DRAM presets: complete, sourced, and equal to the rules in nanoseconds that they were rounded from."""

from fractions import Fraction
from math import ceil

import pytest

import pivotsim as ps
from pivotsim.hardware.dram.spec import DramSpec, load_dram
from pivotsim.io.documents import available

PRESETS = [name for name in available("hwconfigs") if name.startswith("dram/")]
JEDEC = [name for name in PRESETS if name.startswith("dram/ddr4") and not name.endswith("_ps")]


def test_the_shipped_presets():
    assert PRESETS == [
        "dram/ddr3_1050_pynq_z2", "dram/ddr3_1600",
        "dram/ddr4_2133", "dram/ddr4_2133_zcu102_ps", "dram/ddr4_2400", "dram/ddr4_2400_zcu102_pl",
        "dram/hbm2_2000", "dram/lpddr4_3200",
    ]  # fmt: skip


@pytest.mark.parametrize("name", PRESETS)
def test_every_value_has_a_source_and_a_description(name):
    dram = load_dram(name)
    assert f"dram/{dram.name}" == name
    for path, _, _, source, description in dram.to_rows():
        assert source and "set by the user" not in source, path
        assert description.endswith((".", ").")), path


@pytest.mark.parametrize("name", PRESETS)
def test_a_dict_is_as_good_as_a_file_and_every_value_can_be_replaced(name):
    dram = load_dram(name)
    assert load_dram(dram.model_dump()) == dram
    for changes in ({p: v for p, v, *_ in dram.to_rows()}, {p.rpartition(".")[2]: v for p, v, *_ in dram.to_rows()}):
        assert dram.replace(changes).model_dump(exclude={"sources"}) == dram.model_dump(exclude={"sources"})


@pytest.mark.parametrize("name", JEDEC)
def test_clocks_follow_from_nanoseconds(name):
    """Rules in ns, rounded up to clocks of exactly 5/6 or 15/16 ns."""
    dram = load_dram(name)
    fast, wide_page = dram.tck_ps < 900, dram.organisation.channel_bits == 16
    t = dram.timing
    assert dram.tck_ps == (Fraction(2500, 3) if fast else Fraction(1875, 2))

    def clocks(ns, least=1):
        return max(least, ceil(Fraction(str(ns)) * 1000 / dram.tck_ps))

    assert t.nRAS == clocks(32 if fast else 33)
    assert (t.nWR, t.nRTP) == (clocks(15), clocks(7.5, 4))
    assert (t.nCCD_S, t.nCCD_L) == (4, clocks(5 if fast else 5.355, 5))
    assert (t.nWTR_S, t.nWTR_L) == (clocks(2.5, 2), clocks(7.5, 4))
    assert (t.nRFC, t.nREFI) == (clocks(260), clocks(7800))
    assert t.nFAW == clocks(30 if wide_page else 21)
    if wide_page:
        assert (t.nRRD_S, t.nRRD_L) == (clocks(5.3, 4), clocks(6.4, 4))
    else:
        assert (t.nRRD_S, t.nRRD_L) == ((clocks(3.3, 4), clocks(4.9, 4)) if fast else (clocks(3.7, 4), clocks(5.3, 4)))
    assert t.nRC == t.nRAS + t.nRP
    assert (clocks(350), clocks(260)) == ((420, 312) if fast else (374, 278))  # 8 Gb, 4 Gb


def clocks_of(dram, ns, least=1):
    return max(least, ceil(Fraction(str(ns)) * 1000 / dram.tck_ps))


@pytest.mark.parametrize(("name", "nrrd_ns", "nfaw_ns"), [("ddr3_1600", 6, 30), ("ddr3_1050_pynq_z2", 10, 40)])
def test_ddr3s_clocks_follow_from_nanoseconds(name, nrrd_ns, nfaw_ns):
    """Activates by page size; the rest is the same for both."""
    dram = load_dram(f"dram/{name}")
    t = dram.timing_clocks
    assert t["nRRD"] == clocks_of(dram, nrrd_ns, 4) and t["nFAW"] == clocks_of(dram, nfaw_ns)
    assert (t["nRAS"], t["nWR"], t["nRTP"], t["nWTR"]) == tuple(clocks_of(dram, ns) for ns in (35, 15, 7.5, 7.5))
    assert (t["nRFC"], t["nREFI"]) == (clocks_of(dram, 260), 7800 * 1000 // dram.tck_ps)
    assert t["nRTW"] == t["nCL"] + t["nBL"] + 2 - t["nCWL"]
    if name == "ddr3_1050_pynq_z2":  # the board preset's ns
        assert (t["nRCD"], t["nRP"], t["nRC"]) == tuple(clocks_of(dram, ns) for ns in (13.125, 13.125, 50.625))


def test_lpddr4s_clocks_follow_from_nanoseconds():
    dram = load_dram("dram/lpddr4_3200")
    rules = {"nRCD": 18, "nRP": 18, "nRPab": 21, "nRAS": 42, "nWR": 18, "nRTP": 7.5, "nRRD": 10, "nFAW": 40, "nWTR": 10,
             "nRFC": 280, "nRFCpb": 140}  # fmt: skip
    assert {name: dram.timing_clocks[name] for name in rules} == {
        name: clocks_of(dram, ns) for name, ns in rules.items()
    }
    assert dram.timing.nREFI == 3904 * 1000 // dram.tck_ps and dram.refresh_clocks == 780


def test_peaks_of_the_other_standards():
    peaks = {name: load_dram(f"dram/{name}") for name in ("ddr3_1050_pynq_z2", "ddr3_1600", "lpddr4_3200", "hbm2_2000")}
    assert [dram.peak_gb_per_s for dram in peaks.values()] == pytest.approx([2.1, 12.8, 6.4, 16])
    assert [dram.burst_bytes for dram in peaks.values()] == [16, 64, 32, 32]
    assert [dram.capacity_bytes for dram in peaks.values()] == [2**29, 2**32, 2**30, 2**28]


def test_the_zcu102s_registers():
    """Fields of DRAMTMG0-9 and RFSHTMG (u-boot's psu_init for zcu102-rev1.0), in clocks of half the DRAM's rate."""
    t = load_dram("dram/ddr4_2133_zcu102_ps").timing
    assert (t.nCWL + t.nBL + t.nWR, t.nFAW, t.nRAS) == tuple(2 * f for f in (0x11, 0x11, 0x12))  # 0x11112412
    assert (t.nRTP, t.nRC) == (2 * 0x04, 2 * 0x1A)  # 0x0004041A
    assert (t.nCWL, t.nRTW, t.nCWL + t.nBL + t.nWTR_L) == (2 * 7, 2 * 6, 2 * 0x0E)  # 0x0708060E
    assert (t.nRCD, t.nCCD_L, t.nRRD_L, t.nRP) == (2 * 8, 2 * 3, 2 * 3, 2 * 9)  # 0x08030309
    assert (t.nCCD_S, t.nRRD_S, t.nCWL + t.nBL + t.nWTR_S) == (2 * 2, 2 * 2, 2 * 0x0B)  # 0x0002020B
    assert (t.nRFC, t.nREFI) == (2 * 0x8B, 2 * 32 * 0x82)  # 0x0082808B


def test_peaks_capacities_and_clock_ratios():
    pl, both = load_dram("dram/ddr4_2400_zcu102_pl"), load_dram("dram/ddr4_2133_zcu102_ps")
    assert (both.peak_gb_per_s, both.burst_bytes, both.banks) == (pytest.approx(17.0667, abs=1e-4), 64, 16)
    assert (pl.peak_gb_per_s, pl.burst_bytes, pl.banks) == (pytest.approx(4.8), 16, 8)
    assert (both.capacity_bytes, pl.capacity_bytes) == (2**32, 2**29)
    assert (both.clocks_per(125), pl.clocks_per(125)) == (Fraction(128, 15), Fraction(48, 5))
    assert pl.clocks_per(0.1) == 12_000


def test_the_mapping_is_data():
    dram = load_dram("dram/ddr4_2400")
    assert dram.address_fields == (("column", 0, 7), ("bank_group", 7, 2), ("bank", 9, 2), ("row", 11, 15))
    lowest = dram.replace({"mapping": "row:bank:column:bank_group"})
    assert lowest.address_fields == (("bank_group", 0, 2), ("column", 2, 7), ("bank", 9, 2), ("row", 11, 15))


BAD = [
    ({"look_ahed": 3}, "look_ahed: unknown key, nearest valid name: 'look_ahead'"),
    ({"nRFC": "3"}, "timing.nRFC: must be an integer (got '3'); write it without quotes"),
    ({"nRFC": 0}, "timing.nRFC: must be at least 1 (got 0)"),
    ({"refresh": 1}, "controller.refresh: must be true or false (got 1)"),
    ({"scheduler": "fifo"}, "controller.scheduler: must be one of in_order, fr_fcfs (got 'fifo')"),
    (
        {"mapping": "row:bank"},
        "controller.mapping: must hold row, bank, bank_group, column once each, joined by ':' (got 'row:bank')",
    ),
    ({"rows": 3000}, "organisation.rows: must be a power of two (got 3000)"),
    ({"nBL": 3}, "timing.nBL: must be a power of two (got 3)"),
    ({"row_bytes": 32}, "organisation.row_bytes: must hold a burst of 64 B (got 32)"),
    (
        {"bank_groups": 16, "banks_per_group": 16},
        "organisation.banks_per_group: at most 64 banks in all (got 256)",
    ),
    ({"nREFI": 399}, "timing.nREFI: must exceed 399, the clocks of closing, refreshing and opening (got 399)"),
    ({"write_low_frac": 0.9}, "controller.write_low_frac: must be at most write_high_frac 0.8 (got 0.9)"),
    ([1], "must map dotted paths to values (got a list of one: 1)"),
]


@pytest.mark.parametrize(("changes", "message"), BAD, ids=[str(changes)[:30] for changes, _ in BAD])
def test_bad_values_are_told(changes, message):
    with pytest.raises(ps.InputError) as error:
        load_dram("dram/ddr4_2400").replace(changes)
    assert str(error.value) == f"replace: {message}"


def test_bad_files_and_arguments_are_told(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("base: dram/ddr4_2400\nname: mine\ntiming:\n  nRFC: 313\n  nREFJ: 9364\n")
    for source, message in (
        ("ddr4_2400", "dram: unknown name (got 'ddr4_2400'), nearest valid name: 'dram/ddr4_2400'"),
        (str(file), f"{file}:5: timing.nREFJ: unknown key, nearest valid name: 'nREFI'"),
        (7, "dram: must be a name, a path or a dict (got 7)"),
    ):
        with pytest.raises(ps.InputError) as error:
            load_dram(source)
        assert str(error.value) == message
    data = load_dram("dram/ddr4_2400").model_dump()
    with pytest.raises(ps.InputError, match=r"sources: 'clok' names no value, nearest valid name: 'clock'"):
        load_dram({**data, "sources": {"clok": "a typo"}})
    for clock in (0, -1, float("nan"), "125", True):
        with pytest.raises(ps.InputError, match="clock_mhz: must be a"):
            load_dram("dram/ddr4_2400").clocks_per(clock)
    file.write_text("base: dram/ddr4_2400\nname: mine\ntiming:\n  nRFC: 313\n  nREFI: 9364\n")
    assert isinstance(load_dram(file), DramSpec) and load_dram(file).timing.nRFC == 313
