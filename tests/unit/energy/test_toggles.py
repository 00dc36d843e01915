"""Toggle rates read from SAIF: counts by hand, one line for what is none, and the energy that they scale."""

from pathlib import Path

import pytest

import pivotsim as ps
from pivotsim.energy.saif import Activity, read_saif
from pivotsim.energy.toggles import factor_of, remark, with_toggles
from pivotsim.errors import InputError
from pivotsim.propagation.constants import stated_constants

RECORDED = Path(__file__).parents[2] / "data" / "toggles"
SMALL = """\
// made by hand
(SAIFILE
(SAIFVERSION "2.0")
(DURATION 200)
(INSTANCE top
 (NET
  (clk (T0 100) (T1 100) (TX 0) (TC 20))
  (x\\[0\\] (T0 150) (T1 50) (TX 0) (TC 6))
  (x\\[1\\] (T0 200) (T1 0) (TX 0) (TC 0))
 )
 (INSTANCE "pe"
  (NET
   (clk (T0 100) (T1 100) (TC 20))
   (p (T0 1) (T1 199) (TC 3))
  )
 )
)
)
"""


@pytest.fixture
def saif(tmp_path):
    def write(text):
        path = tmp_path / "some.saif"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_toggles_by_hand(saif):
    """Twenty toggles of the clock are ten clocks; nine of three bits are 0.3 a bit and clock."""
    found = read_saif(saif(SMALL))
    assert found == Activity(bits=3, toggles=9, clocks=10) and found.toggle_rate == pytest.approx(0.3)


def test_of_an_array_only_what_is_in_it(saif):
    """Instance pe by another name: three toggles of p are left."""
    assert read_saif(saif(SMALL.replace('"pe"', "elements"))) == Activity(1, 3, 10, "elements")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("(SAIFILE", "(VCD", ": is no SAIF"),
        ("(TC 6)", "(TC six)", r":8: TC of x\\\[0\\\]: must be an integer \(got 'six'\)"),
        (" )\n)\n)\n", " )\n)\n", ": ends within SAIFILE: 1 lists are open"),
        (" )\n)\n)\n", " )\n)\n))\n", ":18: a '\\)' closes nothing"),
        ("(clk ", "(clock ", ": has no toggles of a net named clk, so clocks are unknown"),
        ("(NET\n  (clk", "(a " * 1000 + "(NET\n  (clk", ":6: more than 1000 lists in each other"),
    ],
)
def test_what_is_no_saif_is_told_in_a_line(saif, old, new, told):
    assert old in SMALL
    with pytest.raises(InputError, match=f"some.saif{told}") as caught:
        read_saif(saif(SMALL.replace(old, new)))
    assert len(caught.value.problems) == 1


def test_no_net_but_clocks(saif):
    with pytest.raises(InputError, match="has no net but clocks"):
        read_saif(saif("(SAIFILE (INSTANCE t (NET (clk (TC 4)))))"))


def test_toggles_scale_what_a_mac_takes_and_nothing_else():
    board, data, uniform = ps.load_hardware("zcu102"), Activity(4, 100, 100), Activity(4, 400, 100)
    toggled = with_toggles(board, data, uniform)
    for end in ("default", "low", "high"):
        before, after = (getattr(hw.power.activity, end).model_dump() for hw in (board, toggled))
        assert after.pop("pe_array_pj_per_mac") == pytest.approx(before.pop("pe_array_pj_per_mac") / 4)
        assert after == before
    plain, scaled = (ps.simulate(ps.plan("deit_t"), hw, energy="activity") for hw in (board, toggled))
    assert scaled.pl_cycles == plain.pl_cycles
    shares = [report.energy_components_j["pe_array"] for report in (plain, scaled)]
    assert shares[1] == pytest.approx(shares[0] / 4)
    assert "joules per toggle stay assumed" in remark(Path("a.saif"), data, uniform)


def test_scaled_constants_keep_their_marks_and_ranges():
    board = ps.load_hardware("zcu102")
    toggled = with_toggles(board, Activity(4, 100, 100), Activity(4, 400, 100))
    path = "power.activity.default.pe_array_pj_per_mac"
    assert toggled.source(path) == f"{board.source(path)}; times 0.2500, its toggles over those of random operands"
    assert toggled.source(path).startswith("[estimate]")
    drawn = [{c.path: c for c in stated_constants(hw, "activity")}[path] for hw in (board, toggled)]
    assert (drawn[1].low, drawn[1].high) == pytest.approx((drawn[0].low / 4, drawn[0].high / 4))


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (Activity(5, 4, 9), "bits 4 and 5"),
        (Activity(4, 4, 8), "clocks 9 and 8"),
        (Activity(4, 0, 9), "nothing toggles"),
    ],
)
def test_files_of_different_designs_are_not_compared(other, told):
    with pytest.raises(InputError, match=told):
        with_toggles(ps.load_hardware("zcu102"), Activity(4, 4, 9), other)


def test_digits_toggle_less_than_random_operands():
    """Recorded on the array that ships (tests/recordings/toggles.py): pixels are never negative, many are 0."""
    digits, uniform = (read_saif(RECORDED / f"{name}.saif") for name in ("digits", "uniform"))
    assert (digits.bits, digits.clocks) == (uniform.bits, uniform.clocks)
    assert factor_of(digits, uniform) == pytest.approx(0.6397, abs=1e-4)
