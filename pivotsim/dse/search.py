"""Search by Optuna: designs are proposed, evaluated and reported back, kept in a journal that outlives the process.

One objective is searched by TPE, several by NSGA-II. A space of no more points than may be tried is swept whole
instead.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pivotsim.dse.evaluation.admission import stage_of
from pivotsim.dse.evaluation.draws import DRAWS_PER_SAMPLE, whole_space
from pivotsim.dse.evaluation.effects import notes_on
from pivotsim.dse.evaluation.evaluator import Evaluator
from pivotsim.dse.objectives import note_on_objectives, usual_objectives
from pivotsim.dse.proposals import Places, Proposals
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.space.sampling import ListedPoints
from pivotsim.dse.sweep.chunks import Recipe, arrow
from pivotsim.dse.sweep.manifest import MANIFEST, read_manifest
from pivotsim.dse.sweep.processes import SingleProcess
from pivotsim.dse.sweep.run import Progress, SweepResult, run_sweep, store_chunks
from pivotsim.errors import InputError, MissingExtraError, check_integer, check_list, got, nearest
from pivotsim.hardware.resources.many_designs import DEMANDS
from pivotsim.io.text_files import make_folder
from pivotsim.pareto import REMEDY
from pivotsim.tables import counted

NOT_RUN = "what does not fit"  # designs that are not valid, or whose memories are too small
JOURNAL = "_optuna.journal"
DEFAULT_TRIALS = 1000
MAX_TRIALS = 1_000_000


def run_search(
    source: "str | Path | Mapping[str, object] | Space",
    folder: str | Path,
    *,
    objectives: Sequence[str] | None = None,
    samples: int | None = None,
    seed: int = 0,
    report: Callable[[Progress], None] | None = None,
) -> SweepResult:
    """Search a space for small objectives, or go on with a search; its method is grid where that is no more work.

    Parameters
    ----------
    source, folder, seed, report
        As in ``run_sweep``.
    objectives : sequence of str
        Columns of results or resources to minimise; delay_ms and energy_j by default, delay_ms and dsp where energy is
        a constant power times delay.
    samples : int
        Different designs to try in all, earlier runs included. What rules on axes and resources exclude is not tried;
        what a constraint on results excludes counts.

    Raises
    ------
    InputError
        As ``run_sweep``; also for an unknown objective.
    MissingExtraError
        Optuna or pyarrow is not installed; nothing is written.
    """
    space = load_space(source)
    stated = None if objectives is None else check_list("objectives", objectives, "columns", REMEDY)
    objectives = list(usual_objectives(space)) if stated is None else stated
    trials = check_search(space, objectives, samples, seed)
    note = note_on_objectives(space, stated)
    notes = (*notes_on(space), note) if note else notes_on(space)
    path = Path(folder)
    if whole_space(space, trials) is not None and not (path / JOURNAL).exists():  # a search goes on as one
        return run_sweep(space, folder, method="random", samples=trials, report=report)
    arrow(), _optuna()  # or no folder is made
    make_folder(path)
    _check_folder(path, space)
    tried = _searched(space, path, objectives, trials, seed, report)
    listed = tuple(places for places, is_left_out in tried.items() if not is_left_out)
    notes = (*notes, *_said_of(space, len(tried), len(listed), trials))
    if not listed:
        raise InputError(
            f"search: none of {counted(len(tried), 'design')} meets the constraints; loosen them or try more"
        )
    for old in (*path.glob("chunk-*.parquet"), path / MANIFEST):  # they follow from the journal
        old.unlink(missing_ok=True)
    recipe = Recipe(space, "optuna", len(listed), seed, listed=listed)
    return store_chunks(recipe, path, lambda: SingleProcess(recipe), notes)


def _said_of(space: Space, tried: int, kept: int, trials: int) -> Iterator[str]:
    """Yield what must be said of designs that were asked for and are not there."""
    if tried < trials:
        drawn = counted(trials * DRAWS_PER_SAMPLE, "draw")
        yield f"samples: {tried:,} of {trials:,} found, and no others in {drawn}"
    if kept < tried:
        rules = ", ".join(rule.text for rule in space.constraints if stage_of(rule, space) == "results")
        yield f"search: {counted(tried - kept, 'design')} of {tried:,} that were tried left out by {rules or NOT_RUN}"


def check_search(space: Space, objectives: Sequence[str] | None, samples: int | None, seed: int) -> int:
    """Return how many designs a search tries, or raise InputError where an option does not fit."""
    known = [*space.results, *DEMANDS]
    wanted = usual_objectives(space) if objectives is None else objectives
    problems = [f"objectives: no result {got(o)}{nearest(o, known)}" for o in wanted if o not in known]
    if problems or not wanted:
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
) -> dict[Places, bool]:  # fmt: skip
    """Return the places of all designs that were tried, in their order -> whether a constraint excludes them."""
    optuna = _optuna()
    backend = optuna.storages.journal.JournalFileBackend(str(folder / JOURNAL))
    name = f"{space.input_hash} {','.join(objectives)}"
    storage = optuna.storages.JournalStorage(backend)
    names = [study.study_name for study in storage.get_all_studies()]
    if names and name not in names:
        raise InputError(f"{folder / JOURNAL}: is another search, for {names[0].partition(' ')[2]}; use another folder")
    study = optuna.create_study(
        study_name=name, storage=storage, load_if_exists=True, directions=["minimize"] * len(objectives)
    )
    kind = optuna.samplers.TPESampler if len(objectives) == 1 else optuna.samplers.NSGAIISampler
    proposals = Proposals(space, study, kind(seed=seed + len(study.trials)), trials, seed)
    evaluator, tried = Evaluator(space), proposals.tried
    done = len(tried)
    while len(tried) < trials and (proposed := proposals.next()) is not None:
        trial, places = proposed
        table = evaluator.run(ListedPoints([places]), 0, 1).columns
        is_left_out = not len(table["point"])
        proposals.tell(trial, places, None if is_left_out else [float(table[o][0]) for o in objectives])
        if report is not None:
            report(Progress(0, 1, len(tried), trials, done))
    return tried
