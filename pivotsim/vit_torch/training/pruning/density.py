"""How the kept share falls during training."""

from dataclasses import dataclass

from pivotsim.errors import InputError, check_real, got


@dataclass(frozen=True)
class DensitySchedule:
    """Density 1 at first, then a fall by a cubic, then the final density (Zhu and Gupta, 2017).

    d(t) = r + (1 - r) (1 - t)^3, r the final density, t from 0 to 1 between the two parts. Parikh et al. (FCCM 2024)
    have both parts, in steps of their warm-up; that the fall between is cubic and how long the parts are is [assumed].

    Attributes
    ----------
    density : float
        The final one, r_b: share of the blocks and of the hidden neurons that stay, in (0, 1].
    initial_frac, final_frac : float
        Shares of the steps at density 1 and at the final density, at most 1 together; the last step is always at the
        final one.

    Raises
    ------
    InputError
        A number does not fit; every problem is told.

    Examples
    --------
    >>> falling = DensitySchedule(0.5, initial_frac=0.25, final_frac=0.25)
    >>> [round(falling.at(step, 8), 3) for step in range(8)]
    [1.0, 1.0, 1.0, 0.711, 0.562, 0.508, 0.5, 0.5]
    """

    density: float
    initial_frac: float = 0.1
    final_frac: float = 0.4

    def __post_init__(self) -> None:
        problems: list[str] = []
        values = {}
        for name in ("density", "initial_frac", "final_frac"):
            try:
                values[name] = check_real(name, getattr(self, name))
            except InputError as error:
                problems += error.problems
        if "density" in values and not 0 < values["density"] <= 1:
            problems.append(f"density: must lie above 0 and be at most 1 {got(self.density)}")
        shares = [values[name] for name in ("initial_frac", "final_frac") if name in values]
        if any(not 0 <= share <= 1 for share in shares) or (len(shares) == 2 and sum(shares) > 1):
            given = (self.initial_frac, self.final_frac)
            problems.append(f"initial_frac, final_frac: must be at least 0, and at most 1 together {got(given)}")
        if problems:
            raise InputError(problems)

    def at(self, step: int, steps: int) -> float:
        """Return the density of a step, from 0, of so many."""
        first = int(self.initial_frac * steps)
        last = min(steps - int(self.final_frac * steps), steps - 1)
        if step >= last:
            return self.density
        if step < first:
            return 1.0
        left = 1 - (step - first) / (last - first)
        return self.density + (1 - self.density) * left**3
