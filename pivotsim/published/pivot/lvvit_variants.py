"""LV-ViT-S in PIVOT's Table 3 and figures: which variant of the model meets the printed cells, of a stated list.

The released model meets every share of Figs. 1b and 6a, and misses the delay by 5.4 %. The list in
``lvvit_variants.csv`` varies MLP ratio, depth, heads, tokens, stem, heads charged and what the processor charges.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pivotsim.errors import InputError
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.io.yaml_reader import parse_scalar
from pivotsim.published.base.claims import Claim, load_table, printed
from pivotsim.published.base.inference import Candidate, Cell, Inference, infer
from pivotsim.published.base.quantities import QUANTITIES
from pivotsim.published.hidden_settings.runs import Runs, run_all
from pivotsim.published.hidden_settings.vary import space_with
from pivotsim.simulation.report import Report
from pivotsim.tables import Table, counted, figures

MODEL, RELEASED = "LVViT-S", "lvvit_s"
TABLE = ("delay", "energy")  # of Table 3; EDP and FPS/W follow from them
FIGURES = ("attention_share", "softmax_share", "attention_mac_share", "mlp_share", "qkt_plus_sv_share")
NEAR_FRAC, NEAR_POINTS = 0.006, 0.7  # of the delay and the energy, of the shares: how near a variant is called near
NEAR = f"{100 * NEAR_FRAC:.1f} % of delay and energy and {NEAR_POINTS} points of all shares"
SHOWN = 8
SUPPORT = "the cost function in the authors' public repository, an older one, has the MLP ratio 4 in it for every model"


@dataclass(frozen=True)
class VariantSearch:
    """All variants that were tried, ranked by how near they come to all cells; what meets which cells within print."""

    near: Inference

    @property
    def tried(self) -> int:
        """Variants tried."""
        return self.near.tried

    def meeting(self, quantities: Sequence[str]) -> list[str]:
        """Return the variants that meet some cells within print."""
        cells = [Cell(cell.quantity, cell.interval) for cell in self.near.cells if cell.quantity in quantities]
        return [name_of(one) for one in self.near.candidates if _meets(one, cells)]

    @property
    def of_table(self) -> str:
        """The variant that meets delay and energy within print, the nearest to all cells; '' where none does."""
        return next(iter(self.meeting(TABLE)), "")

    @property
    def is_near(self) -> list[str]:
        """The variants that are near all cells, met or not."""
        return [name_of(one) for one in self.near.fitting]

    @property
    def near_text(self) -> str:
        """Which variants are near all cells, in words."""
        if not self.is_near:
            return f"no variant within {NEAR}, of {self.tried} tried"
        names = " and ".join(self.is_near)
        return f"{names} within {NEAR}, unsupported: {len(self.is_near)} of {self.tried} variants tried"

    def lines(self) -> list[str]:
        """Return what follows from the search, a line each."""
        of_figures = self.meeting(FIGURES)
        lines = [_of("delay and energy within print", self.meeting(TABLE), self.tried)]
        if self.of_table:
            lines[0] += f"; of the {len(FIGURES)} shares it meets {self._shares_met(self.of_table)}"
        lines.append(_of("all shares within print", of_figures, self.tried))
        both = [name for name in of_figures if name in self.meeting(TABLE)]
        lines.append(_of("delay, energy and all shares within print", both, self.tried))
        supported = "; nothing else supports it" if self.is_near else ""
        lines.append(_of(f"all cells within {NEAR}", self.is_near, self.tried) + supported)
        if self.of_table and not both:
            lines.append(f"So Table 3 and the figures are of two runs, inferred; {SUPPORT}.")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Return the search as plain numbers and text."""
        return {
            "tried": self.tried, "meet_table_3": self.meeting(TABLE), "meet_all_shares": self.meeting(FIGURES),
            "near_all": self.is_near, "said": self.lines(),
            "variants": [{"variant": name_of(one), **one.values} for one in self.near.candidates],
        }  # fmt: skip

    def _shares_met(self, variant: str) -> str:
        count = sum(variant in self.meeting([name]) for name in FIGURES)
        return str(count) if count else "none"

    def table(self) -> Table:
        """Return the first variants: their values beside the printed ones."""
        cells = self.near.cells
        table, shares = self.meeting(TABLE), self.meeting(FIGURES)
        rows: list[Sequence[Any]] = [("", "printed", *(cell.text for cell in cells), "", "")]
        rows += [
            (rank, name_of(one), *(figures(one.values[cell.quantity]) for cell in cells),
             "yes" if name_of(one) in table else "no", "yes" if name_of(one) in shares else "no")
            for rank, one in enumerate(self.near.candidates[:SHOWN], start=1)
        ]  # fmt: skip
        heads = [f"{cell.quantity}, {QUANTITIES[cell.quantity].unit}" for cell in cells]
        title = f"LV-ViT-S: {counted(self.tried, 'variant')} of the model tried, ranked by all printed cells"
        columns = ("rank", "variant", *heads, "Table 3 within print", "shares within print")
        return Table(title, columns, rows, (0, *range(2, 2 + len(cells))), tuple(self.lines()))


def _of(what: str, names: Sequence[str], tried: int) -> str:
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{len(names)} of {tried} variants tried: {what}" + (f": {listed}" if names else "")


def search_variants(claims: list[Claim], hw: SystolicHardware) -> VariantSearch:
    """Simulate all variants on a board and rank them by the printed cells of LV-ViT-S."""
    listed = _variants()
    runs = _run(list(listed.values()), hw)
    if runs.left_out:
        raise InputError(f"variants of LV-ViT-S: {reason}" for reason in runs.left_out)
    zero = np.zeros(len(listed))
    cells = list(_cells(claims))
    values = {cell.quantity: QUANTITIES[cell.quantity].value(runs.pairs, zero) for cell in cells}
    return VariantSearch(infer(cells, [{"variant": name} for name in listed], values))


def variant_report(variant: str, hw: SystolicHardware) -> Report:
    """Return what one variant of the list costs on a board."""
    return _run([_variants()[variant]], hw).reports[0][0]


def _run(settings: list[dict[str, Any]], hw: SystolicHardware) -> Runs:
    return run_all(space_with({"model": RELEASED, "hw": hw}).space_of, settings)


def _variants() -> dict[str, dict[str, Any]]:
    """Return variant -> its settings."""
    return {row["variant"]: dict(_settings(row["settings"])) for row in load_table("pivot/lvvit_variants.csv")}


def _cells(claims: list[Claim]) -> list[Cell]:
    """Return LV-ViT-S's cells, each with how near a variant must come to be called near."""
    found = {c.quantity: c.text for c in claims if c.model == MODEL and c.number is not None}
    of_both = next((c.text for c in claims if c.quantity == "qkt_plus_smv_share"), "")
    found |= {"qkt_plus_sv_share": of_both.partition("-")[2]} if of_both else {}
    return [
        Cell(name, interval, NEAR_POINTS if name in FIGURES else NEAR_FRAC * interval.value)
        for name in (*TABLE, *FIGURES)
        if name in found
        for interval in (printed(found[name]),)
    ]


def _settings(text: str) -> list[tuple[str, Any]]:
    return [(path, parse_scalar(value)) for path, _, value in (word.partition("=") for word in text.split())]


def name_of(candidate: Candidate) -> str:
    """Return the variant that a candidate is."""
    return str(candidate.settings["variant"])


def _meets(candidate: Candidate, cells: Sequence[Cell]) -> bool:
    return all(cell.misses(np.array([candidate.values[cell.quantity]]))[0] <= 1 for cell in cells)
