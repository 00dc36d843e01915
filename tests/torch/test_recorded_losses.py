"""The recorded comparison of losses: what its differences rest on, and the table of docs/training.md."""

import csv
import re
from pathlib import Path

import pytest

from tests.torch.small import REASON

pytest.importorskip("torch", reason=REASON)
from tests.recordings import train_papers
from tests.recordings.effort_losses import FIGURES, LOW, NAME, SEEDS, VARIANTS, differences
from tests.recordings.paired import paired_difference
from tests.recordings.recording import OUT, ROOT

PAGE = (ROOT / "docs" / "training.md").read_text()


def rows_of(path: Path):
    """Comment lines, and rows as dicts."""
    lines = path.read_text().splitlines()
    return [line for line in lines if line[0] == "#"], list(csv.DictReader(line for line in lines if line[0] != "#"))


@pytest.fixture(scope="module")
def recorded():
    _, rows = rows_of(OUT / f"{NAME}.csv")
    whole = ("seed", "quantisation_aware")
    return [
        {key: int(v) if key in whole else v if key == "loss" else float(v) for key, v in row.items()} for row in rows
    ]


def test_every_seed_has_every_loss(recorded):
    wanted = {(seed, loss, aware) for seed in SEEDS for loss in VARIANTS for aware in (0, 1)}
    assert len(recorded) == len(wanted) == 80
    assert {(row["seed"], row["loss"], row["quantisation_aware"]) for row in recorded} == wanted
    for row in recorded:
        for figure in FIGURES:
            assert 0 <= row[figure] <= 1, figure
        assert abs(row["low_float_frac"] * 500 - round(row["low_float_frac"] * 500)) < 1e-6  # of 500 images


def test_the_differences_are_those_of_the_rows(recorded):
    heads, seen = rows_of(OUT / f"{NAME}_differences.csv")
    assert "digits" in " ".join(heads) and "not ImageNet" in " ".join(heads)
    again = differences(recorded)
    assert len(seen) == len(again) == (6 * 2 + 4) * len(FIGURES)
    for row, wanted in zip(seen, again, strict=True):
        assert list(row.values())[:4] == wanted[:4]
        for value, number in zip(list(row.values())[4:7], wanted[4:7], strict=True):
            assert float(value) == pytest.approx(float(number), abs=2e-5)  # the rows are rounded to six digits


def test_the_page_shows_the_recorded_differences(recorded):
    """Each line of its table, in points or thousandths, against the pairs of the CSV."""
    shown = re.findall(r"^\| (\w+) - (\w+) \| (float|8 bits) \| (.*) \|$", PAGE, re.M)
    assert len(shown) == 6
    figures = ("low_int8_frac", "low_entropy_int8", "f_l_frac_th0.217", "cascade_int8_frac_lec70")
    for first, second, training, cells in shown:
        aware = int(training == "8 bits")
        pairs = [
            [{row["seed"]: row for row in recorded if (row["loss"], row["quantisation_aware"]) == (loss, aware)}[seed]
             for seed in SEEDS] for loss in (first, second)
        ]  # fmt: skip
        for figure, cell in zip(figures, cells.split(" | "), strict=True):
            found = paired_difference(*([row[figure] for row in of] for of in pairs))
            assert cell == f"{100 * found.mean:+.2f} [{100 * found.low:+.2f}, {100 * found.high:+.2f}]", (first, figure)


def test_the_page_says_what_the_images_are():
    assert "1,797 images of 8x8 pixels" in PAGE and "**Nothing here says what ImageNet would give.**" in PAGE
    assert f"effort {LOW}" in PAGE


def test_an_unknown_paper_is_told(capsys):
    assert train_papers.main(["effort_loss"]) == 2
    assert capsys.readouterr().err == f"unknown: effort_loss; there are {', '.join(train_papers.PAPERS)}\n"
    for name in train_papers.PAPERS:
        assert (ROOT / "tests" / "recordings" / f"{name}.py").exists()
