"""The artifact's runner: what it finds, what it misses, and what it writes."""

import re
from pathlib import Path

import pytest

from tests.artifact import run
from tests.artifact.claims import STEPS, Number, Step

PRINTS = ("-c", "print('delay  1,234.5  ms'); open('picture.png', 'wb')")


def test_a_number_is_claimed_within_its_tolerance(tmp_path):
    step = Step("one", "a line", (PRINTS,), (Number("delay, ms", r"^delay +([\d.,]+)  ms", 1234.5),))
    result = run.run_step(step, tmp_path / "one")
    assert result.holds and result.found[0][1] == 1234.5 and result.size > 0
    assert (tmp_path / "one" / "output.txt").read_text() == "delay  1,234.5  ms\n\n"
    index = run.index_of([result], tmp_path)
    assert "| [one](one/output.txt) | a line | delay, ms | 1,234.5 | 0 | 1,234.5 | yes |" in index
    assert "![one/picture.png](one/picture.png)" in index


@pytest.mark.parametrize(
    ("command", "number", "told"),
    [
        (PRINTS, Number("delay", r"^delay +([\d.,]+)", 1234.4, 0.05), "| 1,234.5 | NO |"),
        (PRINTS, Number("delay", r"^energy +([\d.,]+)", 1.0), "| not found | NO |"),
        (("-c", "raise SystemExit('no board')"), None, "exit status 1: no board"),
    ],
)
def test_what_does_not_hold_is_told(tmp_path, command, number, told):
    result = run.run_step(Step("one", "a line", (command,), (number,) if number else ()), tmp_path / "one")
    assert not result.holds
    assert told in run.index_of([result], tmp_path)


def test_a_folder_of_someone_else_is_kept(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SystemExit, match="not from here"):
        run.main([str(tmp_path)])
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_steps_have_names_of_their_own_and_what_is_installed_is_locked():
    names = [step.name for step in STEPS]
    assert len(set(names)) == len(names) > 12
    assert all(re.compile(number.pattern).groups == 1 for step in STEPS for number in step.numbers)
    locked = (Path(run.__file__).parent / "requirements.txt").read_text()
    pins = re.findall(r"^([\w-]+)==[\w.]+.*\\$", locked, re.M)
    assert {"numpy", "numba", "pydantic", "pyarrow", "matplotlib"} <= set(pins) and "http" not in locked
    assert locked.count("--hash=sha256:") >= len(pins)


def test_the_page_of_the_artifact_names_every_step():
    page = (run.ROOT / "docs" / "artifact.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.M) == [step.name for step in STEPS]
