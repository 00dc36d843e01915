"""run --activity: what toggles do to a run, and that they are refused where they would do nothing."""

import json

import pytest

SAIF = "(SAIFILE (DURATION 20) (INSTANCE t (NET (clk (TC 20)) (x (TC {})))))\n"


@pytest.fixture
def files(tmp_path):
    paths = []
    for name, toggles in (("data", 5), ("random", 20)):
        paths.append(tmp_path / f"{name}.saif")
        paths[-1].write_text(SAIF.format(toggles), encoding="utf-8")
    return [str(path) for path in paths]


def test_files_scale_the_array_and_are_told(pivotsim, files):
    arguments = ("run", "deit_t", "--energy", "activity")
    toggled = (*arguments, "--activity", files[0], "--activity-random", files[1])
    plain, found = (json.loads(pivotsim(*one, "--json").out) for one in (arguments, toggled))
    assert found["activity"][0].startswith("--activity data.saif: 0.2500 of what random operands toggle (5 toggles for")
    assert found["energy_j"] < plain["energy_j"] and found["delay_ms"] == plain["delay_ms"]
    assert "joules per toggle stay" in pivotsim(*toggled).out


def test_they_need_the_rule_that_they_scale_and_each_other(pivotsim, files, tmp_path):
    both = ("--activity", files[0], "--activity-random", files[1])
    ran = pivotsim("run", "deit_t", *both)
    assert (ran.code, ran.err) == (2, "--activity: scales constants of --energy activity (got 'constant')\n")
    alone = pivotsim("run", "deit_t", "--energy", "activity", *both[:2])
    assert alone.code == 2 and alone.err.endswith("give both\n") and alone.err.count("\n") == 1
    broken = pivotsim("run", "deit_t", "--energy", "activity", *both[:3], str(tmp_path / "none.saif"))
    assert broken.code == 2 and broken.err.count("\n") == 1
