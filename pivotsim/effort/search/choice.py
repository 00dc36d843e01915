"""Result of a co-search: a cascade of efforts with its thresholds, and whether it is what was asked for."""

from dataclasses import dataclass, field
from typing import Any

from pivotsim.effort.gating import Exits
from pivotsim.effort.mixed_report import MixedReport
from pivotsim.effort.outputs import Name
from pivotsim.effort.search.paths import EffortPath
from pivotsim.effort.search.threshold_grid import Sampling


@dataclass(frozen=True)
class Choice:
    """One cascade on one hardware: where its images leave, how many are right, and the mean image's cost.

    ``thresholds`` has one entry per effort but the last; ``lec`` is the fraction of the images that the first effort
    classifies (F_L). ``mix`` is what ``combine`` gives. ``paths`` are those of a co-search's efforts; a ladder's rungs
    have none.
    """

    efforts: tuple[Name, ...]
    paths: tuple[EffortPath, ...]
    thresholds: tuple[float, ...]
    exits: Exits
    mix: MixedReport = field(repr=False)

    @property
    def hardware(self) -> str:
        """Name of the hardware."""
        return self.mix.efforts[0].report.hardware

    @property
    def lec(self) -> float:
        """Fraction of the images that the first effort classifies."""
        return self.exits.fractions[0]

    @property
    def delay_ms(self) -> float:
        """Delay of the mean image."""
        return self.mix.delay_ms

    @property
    def accuracy_frac(self) -> float | None:
        """Fraction of the images classified right; None without labels."""
        return self.exits.accuracy_frac

    def to_dict(self) -> dict[str, Any]:
        """Return the choice as plain numbers and text."""
        mix = self.mix
        return {
            "hardware": self.hardware,
            "efforts": list(self.efforts),
            **({"active": [list(path.active) for path in self.paths]} if self.paths else {}),
            **({"path_scores": [path.score for path in self.paths]} if self.paths else {}),
            "thresholds": list(self.thresholds),
            "exit_fractions": list(self.exits.fractions),
            "correct": None if self.exits.correct is None else list(self.exits.correct),
            "incorrect": None if self.exits.incorrect is None else list(self.exits.incorrect),
            "accuracy_frac": self.accuracy_frac,
            "delay_ms": mix.delay_ms,
            "energy_j": mix.energy_j,
            "edp_j_ms": mix.edp_j_ms,
            "edp_mean_of_images_j_ms": mix.edp_mean_of_images_j_ms,
            "edp_sum_of_efforts_j_ms": mix.edp_sum_of_efforts_j_ms,
            "fps_per_watt": mix.fps_per_watt,
        }


@dataclass(frozen=True)
class Answer:
    """The choice found, or the nearest to what was asked for; ``met`` says which, ``reason`` why.

    ``sampling`` is None where every threshold was tried; else a better choice may stand between those tried.
    """

    choice: Choice
    met: bool
    reason: str
    sampling: Sampling | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain numbers and text."""
        sampling = None if self.sampling is None else self.sampling._asdict()
        return {"met": self.met, "reason": self.reason, "sampling": sampling, **self.choice.to_dict()}
