"""Tables of the docs whose rows are settings: each row is run, on top of the rows above it."""

import re
from pathlib import Path

import pytest
import yaml

import pivotsim as ps

DOCS = Path(__file__).parents[1] / "docs"


def _rows_of_steps():
    board, rows = ps.load_hardware("zcu102"), []
    for line in (DOCS / "where_59_ms_go.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 7 or not re.fullmatch(r"[\d.]+", cells[2]):
            continue
        changes = dict(setting.split("=") for setting in re.findall(r"`([^`]+)`", cells[1]))
        if changes:
            board = board.replace({path: yaml.safe_load(value) for path, value in changes.items()})
        rows.append((cells[0], board, cells[2:]))
    return rows


def test_page_of_59_ms_has_its_steps():
    assert [name for name, *_ in _rows_of_steps()][::6] == ["the paper's board", "units of 64 lanes"]


@pytest.mark.parametrize(("name", "board", "printed"), _rows_of_steps(), ids=lambda value: str(value)[:24])
def test_step_of_59_ms(name, board, printed):
    whole = ps.plan("deit_s")
    plans = whole, ps.prune_tokens(whole, "heatvit"), ps.skip_attention(whole, active=range(1, 7))
    dense, pruned, low = (ps.simulate(plan, board, profile="full") for plan in plans)
    mean = ps.combine([low, dense], exit_fractions=[0.8, 0.2])
    of_paper = ps.simulate(whole, board).delay_ms
    ratios = [f"{dense.delay_ms / each.delay_ms:.2f}x" for each in (pruned, low, mean)]
    assert printed == [f"{of_paper:.2f}", f"{dense.delay_ms:.2f}", *ratios]
