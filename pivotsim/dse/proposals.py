"""Proposals of a search: designs that differ from all before them and that the rules admit.

Optuna proposes what it tried before, and what rules exclude. It learns the second at once, and proposes again; after
ten such proposals in a row the next admitted point in random order stands in. The journal holds the designs that were
tried.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pivotsim.dse.evaluation.admission import Designs
from pivotsim.dse.evaluation.cache import DesignBuilder
from pivotsim.dse.evaluation.draws import DRAWS_PER_SAMPLE, admitted_numbers
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.sampling import ListedPoints, points_of

LEFT_OUT, NO_RESULT = "left_out", 1e30  # of a trial whose design a rule or a constraint excludes
MAX_PROPOSALS = 10
BLOCK = 1024  # points in random order that the rules are applied to at once

Places = tuple[int, ...]


class Proposals:
    """Proposals for the study of a journal.

    Attributes
    ----------
    tried : dict
        The places of every different design that was tried, in order -> whether a constraint on results excludes it.
    """

    def __init__(self, space: Space, journal: Any, sampler: Any, trials: int, seed: int) -> None:
        import optuna

        self._states = optuna.trial.TrialState
        self.space, self._journal = space, journal
        done = journal.get_trials(deepcopy=False, states=(self._states.COMPLETE,))
        # proposals that come to nothing are not worth the journal's writes, each of which waits for the disk
        self._study = optuna.create_study(directions=journal.directions, sampler=sampler)
        self._study.add_trials(done)
        self._builder = DesignBuilder(space)
        self._others = self._admitted_at_random(trials, seed)
        self.tried: dict[Places, bool] = {}
        for trial in done:
            places = self._design(tuple(int(trial.params[axis.name]) for axis in space.axes))
            if self._is_admitted(places):
                self.tried.setdefault(places, bool(trial.constraints[LEFT_OUT]))

    def next(self) -> tuple[Any, Places] | None:
        """Return a new trial and its design's places, None where no further design was found."""
        for _ in range(MAX_PROPOSALS):
            if proposed := self._asked():
                return proposed
        for places in self._others:
            if places not in self.tried:
                self._study.enqueue_trial({a.name: p for a, p in zip(self.space.axes, places, strict=True)})
                if proposed := self._asked():
                    return proposed
        return None

    def tell(self, trial: Any, places: Places, values: list[float] | None) -> None:
        """Keep what a trial's design costs, one value per objective; None where a constraint excludes it."""
        self._journal.add_trial(self._told(trial, values))
        self.tried[places] = values is None

    def _told(self, trial: Any, values: list[float] | None) -> Any:
        trial.set_constraint(LEFT_OUT, float(values is None))
        return self._study.tell(trial, [NO_RESULT] * len(self._study.directions) if values is None else values)

    def _asked(self) -> tuple[Any, Places] | None:
        """Return what the study proposes, None where that is nothing new or not admitted."""
        trial = self._study.ask()
        places = self._design(tuple(_place(trial, axis) for axis in self.space.axes))
        if places in self.tried:
            self._study.tell(trial, state=self._states.FAIL)
        elif not self._is_admitted(places):
            self._told(trial, None)
        else:
            return trial, places
        return None

    def _design(self, places: Places) -> Places:
        """Return places with those axes at their first value whose condition does not hold: they change nothing."""
        space = self.space
        columns = {axis.name: np.array([place]) for axis, place in zip(space.axes, places, strict=True)}
        designs, found = Designs(space, np.zeros(1, dtype=np.int64), columns), list(places)
        for number, axis in enumerate(space.axes):
            condition = space.conditions.get(axis.name)
            if condition is None or condition.holds({n: designs.value_of(n) for n in condition.names}, 1)[0]:
                continue
            found[number] = 0
            designs.set_places(axis.name, np.array([len(axis)]))
        return tuple(found)

    def _is_admitted(self, places: Places) -> bool:
        return len(admitted_numbers(self.space, ListedPoints([places]), 0, 1, self._builder)) > 0

    def _admitted_at_random(self, trials: int, seed: int) -> Iterator[Places]:
        points = points_of(self.space, "random", trials, seed, trials * DRAWS_PER_SAMPLE)
        for start in range(0, points.count, BLOCK):
            stop = min(points.count, start + BLOCK)
            kept = admitted_numbers(self.space, points, start, stop, self._builder) - start
            columns = (places[kept].tolist() for places in points.places(start, stop))
            yield from zip(*columns, strict=True)


def _place(trial: Any, axis: Any) -> int:
    """Return the place that a trial takes on an axis: numbers have an order, words have none."""
    if axis.words is None:
        return int(trial.suggest_int(axis.name, 0, len(axis) - 1))
    return int(trial.suggest_categorical(axis.name, list(range(len(axis)))))
