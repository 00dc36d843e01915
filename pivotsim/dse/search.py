"""Search by Optuna: designs are proposed, evaluated and reported back, in a journal that outlives the process.

One objective is searched by TPE, several by NSGA-II. A space of no more points than may be tried is swept whole
instead.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pivotsim.dse.evaluation.counting import count_points
from pivotsim.dse.evaluation.effects import notes_on
from pivotsim.dse.evaluation.evaluator import Evaluator
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.space.sampling import ListedPoints
from pivotsim.dse.sweep.chunks import Recipe, arrow
from pivotsim.dse.sweep.manifest import MANIFEST, read_manifest
from pivotsim.dse.sweep.processes import SingleProcess
from pivotsim.dse.sweep.run import Progress, SweepResult, run_sweep, store_chunks
from pivotsim.errors import InputError, MissingExtraError, check_integer, check_list, got, nearest
from pivotsim.hardware.resource_columns import DEMANDS
from pivotsim.io.text_files import make_folder
from pivotsim.pareto import REMEDY

LEFT_OUT, NO_RESULT = "left_out", 1e30  # of a trial whose design a constraint excludes
JOURNAL = "_optuna.journal"
DEFAULT_TRIALS = 1000
MAX_TRIALS = 1_000_000


def run_search(
    source: "str | Path | Mapping[str, object] | Space",
    folder: str | Path,
    *,
    objectives: Sequence[str] = ("delay_ms", "energy_j"),
    samples: int | None = None,
    seed: int = 0,
    report: Callable[[Progress], None] | None = None,
) -> tuple[str, SweepResult]:
    """Search a space for small objectives, or go on with a search; return (optuna or grid, the result).

    Parameters
    ----------
    source, folder, seed, report
        As in ``run_sweep``.
    objectives : sequence of str
        Columns of results or resources to minimise.
    samples : int
        Designs to try in all, earlier runs included; those that a constraint excludes count.

    Raises
    ------
    InputError
        As ``run_sweep``; also for an unknown objective.
    MissingExtraError
        Optuna or pyarrow is not installed; nothing is written.
    """
    space = load_space(source)
    objectives = check_list("objectives", objectives, "columns", REMEDY)
    trials = check_search(space, objectives, samples, seed)
    notes = notes_on(space)
    count_points(space)
    if space.size <= trials:
        return "grid", run_sweep(space, folder, method="grid", report=report)
    arrow(), _optuna()  # or no folder is made
    path = Path(folder)
    make_folder(path)
    _check_folder(path, space)
    listed = _searched(space, path, list(objectives), trials, seed, report)
    for old in (*path.glob("chunk-*.parquet"), path / MANIFEST):  # they follow from the journal
        old.unlink(missing_ok=True)
    recipe = Recipe(space, "optuna", len(listed), seed, listed=tuple(listed))
    return "optuna", store_chunks(recipe, path, lambda: SingleProcess(recipe), notes)


def check_search(space: Space, objectives: Sequence[str], samples: int | None, seed: int) -> int:
    """Return how many designs a search tries, or raise InputError where an option does not fit."""
    known = [*space.results, *DEMANDS]
    problems = [f"objectives: no result {got(o)}{nearest(o, known)}" for o in objectives if o not in known]
    if problems or not objectives:
        raise InputError(problems or "objectives: at least one is needed")
    check_integer("seed", seed, 0, 2**31)
    return check_integer("samples", DEFAULT_TRIALS if samples is None else samples, 1, MAX_TRIALS)


def _check_folder(folder: Path, space: Space) -> None:
    """Raise InputError where a folder holds something else than an earlier part of this search."""
    if not (folder / MANIFEST).exists():
        if any(folder.glob("*.parquet")) and not (folder / JOURNAL).exists():
            raise InputError(f"{folder}: holds Parquet files that are no search's; use another folder")
        return
    found = read_manifest(folder)
    if found.get("method") != "optuna" or found.get("space_hash") != space.input_hash:
        raise InputError(f"{folder / MANIFEST}: is of another space or method; use another folder")


def _optuna() -> Any:
    try:
        import optuna
        import optuna.storages.journal
    except ImportError:
        raise MissingExtraError("optuna", "search", "--method optuna") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _searched(
    space: Space, folder: Path, objectives: list[str], trials: int, seed: int,
    report: Callable[[Progress], None] | None,
) -> list[tuple[int, ...]]:  # fmt: skip
    """Return the places of all designs that ran, in the order of their trials."""
    optuna = _optuna()
    backend = optuna.storages.journal.JournalFileBackend(str(folder / JOURNAL))
    name = f"{space.input_hash} {','.join(objectives)}"
    storage = optuna.storages.JournalStorage(backend)
    study = optuna.create_study(
        study_name=name, storage=storage, load_if_exists=True, directions=["minimize"] * len(objectives)
    )
    done = len(study.trials)
    kind = optuna.samplers.TPESampler if len(objectives) == 1 else optuna.samplers.NSGAIISampler
    study.sampler = kind(seed=seed + done)
    evaluator = Evaluator(space)
    for number in range(done, trials):
        trial = study.ask()
        places = tuple(_place(trial, axis) for axis in space.axes)
        table = evaluator.run(ListedPoints([places]), 0, 1).columns
        is_left_out = not len(table["point"])
        trial.set_constraint(LEFT_OUT, float(is_left_out))  # the sampler learns what the constraints admit
        study.tell(trial, [NO_RESULT if is_left_out else float(table[o][0]) for o in objectives])
        if report is not None:
            report(Progress(0, 1, number + 1, trials, done))
    finished = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    finished = [trial for trial in finished if not trial.constraints[LEFT_OUT]]
    if not finished:
        raise InputError(f"search: none of {trials:,} designs meets the constraints; loosen them or try more")
    return [tuple(int(trial.params[axis.name]) for axis in space.axes) for trial in finished]


def _place(trial: Any, axis: Any) -> int:
    """Return the place that a trial takes on an axis: numbers have an order, words have none."""
    if axis.words is None:
        return int(trial.suggest_int(axis.name, 0, len(axis) - 1))
    return int(trial.suggest_categorical(axis.name, list(range(len(axis)))))
