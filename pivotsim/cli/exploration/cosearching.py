"""The command cosearch: efforts, thresholds and hardware that meet a target, or the best of all."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pivotsim.cli import options, paging
from pivotsim.cli.exploration.cosearch_json import search_to_dict
from pivotsim.cli.exploration.cosearch_tables import print_answer, print_boards, print_front, print_paths, print_rungs
from pivotsim.cli.models.rungs import RungOption, parse_rungs
from pivotsim.cli.output import print_json, print_line
from pivotsim.cli.report_tables import print_end
from pivotsim.cli.settings import check_stated_once, load_both, model_not_used, parse_settings, score_bits_not_used
from pivotsim.errors import InputError, got

if TYPE_CHECKING:
    from pivotsim.effort.search.boards import RunOptions
    from pivotsim.effort.search.choice import Answer, Choice
    from pivotsim.effort.search.space import Cascades
    from pivotsim.models.spec import VitModel
    from pivotsim.workload.ops import Trace
    from pivotsim.workload.plans import Plan

MET, NOT_MET = 0, 1  # exit status: a target or a limit that nothing meets is answered, and is a check that failed


def cosearch_command(
    model: Annotated[str, typer.Argument(help="Model: a name or a YAML file.", show_default=False)],
    logits: Annotated[
        Path | None,
        typer.Option(
            parser=options.file_of("--logits"),
            metavar="NAME|F.npz",
            help="Arrays effort3, effort6, ... (images, classes) of the same images, and labels (images); or a "
            "sample's name.",
        ),
    ] = None,
    cka: Annotated[
        Path | None,
        typer.Option(
            parser=options.file_of("--cka"),
            metavar="NAME|F.npz",
            help="Array cka (D, D): row i, column j is CKA of MLP i with attention j; or a sample's name.",
        ),
    ] = None,
    rung: RungOption = None,
    target_delay_ms: Annotated[
        float | None,
        typer.Option(
            parser=options.real("--target-delay-ms"),
            metavar="MS",
            help="Pair of efforts as the paper's Phase 2 finds it.",
        ),
    ] = None,
    lec: Annotated[
        float | None,
        typer.Option(
            parser=options.real("--lec"),
            metavar="F",
            help="Least fraction of the images that the low effort classifies [default: 0.7].",
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            parser=options.real("--tolerance"),
            metavar="F",
            help="How far from the target is near enough [default: 0.05].",
        ),
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(metavar="QUANTITY", help="Best of all cascades and thresholds: edp_j_ms, accuracy_frac, ..."),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="QUANTITY=VALUE", help="The most of a cost, the least of accuracy_frac or lec; repeatable."
        ),
    ] = None,
    front: Annotated[
        str | None, typer.Option(metavar="COST", help="Whole front of accuracy over delay_ms, energy_j, edp_j_ms, ...")
    ] = None,
    max_efforts: Annotated[
        int | None,
        typer.Option(
            parser=options.integer("--max-efforts"), metavar="1|2|3", help="Most efforts in a cascade [default: 2]."
        ),
    ] = None,
    levels: Annotated[
        int | None,
        typer.Option(
            parser=options.integer("--levels"),
            metavar="N",
            help="Thresholds tried per gate of cascades of 3 efforts [default: 257]; of 2 all are tried.",
        ),
    ] = None,
    gate: Annotated[
        str, typer.Option(metavar="entropy|none", help="Charge the entropy gates, or ignore them as the paper does.")
    ] = "entropy",
    hw: Annotated[
        list[str] | None, typer.Option("--hw", metavar="NAME", help="Hardware [default: zcu102]; repeatable.")
    ] = None,
    engine: options.RunEngineOption = None,
    memory: options.MemoryOption = "paper",
    profile: options.ProfileOption = "paper",
    energy: options.EnergyOption = "constant",
    scope: options.ScopeOption = "encoders",
    qkv: options.QkvOption = "fused",
    score_bits: options.ScoreBitsOption = 8,
    set_: options.SetOption = None,
    ps_pl_overlap: options.PsPlOverlapOption = None,
    plots: options.PlotsOption = None,
    html: paging.HtmlOption = None,
    json: options.JsonOption = False,
) -> int:
    """Which efforts to combine, and when to stop: PIVOT's co-search.

    Example: pivotsim cosearch digits_vit --logits digits --cka digits --target-delay-ms 0.11 --lec 0.8
    """
    from pivotsim.effort.search.co_search import cosearch
    from pivotsim.effort.search.ladders import search_ladder
    from pivotsim.io.samples import find_sample, sample_note
    from pivotsim.simulation.reporting.summary import not_used_lines
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.plans import plan

    if logits is None or (cka is None and not rung):
        raise InputError("cosearch: give --logits F.npz, and --cka F.npz or --rung NAME=FLAGS")
    rungs = parse_rungs(rung or [])
    if rungs:
        _check_free({"--cka": cka, "--target-delay-ms": target_delay_ms})
    with_space = {"--limit": limit or None, "--max-efforts": max_efforts, "--levels": levels}
    is_space = objective is not None or front is not None
    _check_asked(target_delay_ms is not None, {"--lec": lec, "--tolerance": tolerance}, is_space, with_space)
    settings = parse_settings(set_)
    check_stated_once("cosearch", settings, {"host.ps_pl_overlap": ps_pl_overlap})
    both = [load_both(name, model, settings) for name in hw or ["zcu102"]]
    spec = both[0][1]
    assert spec is not None  # load_both returns a model for a model's name
    seen = find_sample("logits", "--logits", logits)
    matrix = None if cka is None else find_sample("cka", "--cka", cka)
    behind = (*sample_note("--logits", seen, spec.name), *(sample_note("--cka", matrix, spec.name) if matrix else ()))

    def plan_of(one: "VitModel") -> "Plan":
        return plan(one, qkv=qkv, score_bits=score_bits)

    boards, whole = [board for board, _ in both], plan_of(spec)
    run: RunOptions = {"engine": engine, "memory": memory, "profile": profile, "energy": energy, "scope": scope,
                       "ps_pl_overlap": ps_pl_overlap}  # fmt: skip
    of_efforts = None if matrix is None else cosearch(whole, seen.path, matrix.path, boards, gate=gate, **run)
    search: Cascades = of_efforts or search_ladder(
        {one.name: one.of(whole) for one in rungs}, seen.path, boards, gate=gate, **run
    )

    def traces_of(one: "VitModel") -> "list[Trace]":
        return [lower(asked.of(plan_of(one))) for asked in rungs] or [lower(plan_of(one))]

    of_model = model_not_used(settings, model, spec, traces_of, scope=scope, gate=gate)
    for asked in rungs:
        of_model |= asked.not_used(whole, scope)
    for mix in search.all_efforts[:1]:  # options are the same on every hardware
        of_model |= score_bits_not_used(score_bits, [e.report for e in mix.efforts], mix.reading, gate)
    limits, most = _parse_limits(limit), 2 if max_efforts is None else max_efforts
    near = {} if tolerance is None else {"tolerance_frac": tolerance}
    share = 0.7 if lec is None else lec
    pairs: list[Answer] = []
    if target_delay_ms is not None and of_efforts is not None:
        pairs = [of_efforts.pair(target_delay_ms, share, board=b, **near) for b in range(len(search.reports))]
    best = None if objective is None else search.best(objective, limits, max_efforts=most, levels=levels)
    edge = None if front is None else search.front(front, limits, max_efforts=most, levels=levels)
    answers = [*pairs, *([] if best is None else [best])]
    sampling = search.sampling(max_efforts=most, levels=levels)
    notes = (*search.notes([*(answer.choice for answer in answers), *(edge or [])]), *behind)
    titles = [f"Phase 2, {target_delay_ms:g} ms at LEC {share:g}" for _ in pairs]
    titles += [] if best is None else [f"best {objective}"]
    written = _write_plots(search, answers, edge, front, plots)
    titled, flags = list(zip(titles, answers, strict=True)), {asked.name: asked.flags for asked in rungs}
    written += paging.write_search(
        search, spec.name, titled, edge, front, flags, html, asked={"limit": limits, "set": settings},
        said=[*([] if sampling is None else [str(sampling)]), *not_used_lines(of_model)], notes=notes,
    )  # fmt: skip
    if json:
        sampled = {"sampling": None if sampling is None else sampling._asdict()}
        shaped = {asked.name: asked.to_dict() for asked in rungs}
        answered = search_to_dict(search, spec.name, shaped, pairs, best, edge)
        print_json({**answered, **sampled, "not_used": of_model, "set": settings, "notes": list(notes)})
    else:
        named = "rungs" if of_efforts is None else "efforts"
        print_line(f"{spec.name}, {named} {', '.join(map(str, search.efforts))}, {search.outputs.images} images")
        if of_efforts is None:
            print_rungs(search, flags)
        else:
            print_paths(of_efforts)
        print_boards(search)
        for line in not_used_lines(of_model):
            print_line(line)
        for title, answer in titled:
            print_answer(title, answer)
        if edge is not None:
            print_front(edge, str(front), sampling)
        print_end(notes, written)
    return MET if all(answer.met for answer in answers) and edge != [] else NOT_MET


def _check_asked(
    target: bool, with_target: Mapping[str, object], space: bool, with_space: Mapping[str, object]
) -> None:  # fmt: skip
    """Raise InputError where nothing is asked for, or an option would do nothing."""
    if not target and not space:
        raise InputError("cosearch: give --target-delay-ms, --objective or --front")
    rules = ((target, with_target, "--target-delay-ms"), (space, with_space, "--objective or --front"))
    problems = [
        f"{name}: belongs to {owner}"
        for asked, options_of, owner in rules
        for name, value in options_of.items()
        if value is not None and not asked
    ]
    if problems:
        raise InputError(problems)


def _check_free(given: Mapping[str, object]) -> None:
    """Raise InputError for an option of efforts beside rungs."""
    problems = [
        f"{name}: belongs to efforts; leave it out beside --rung" for name, value in given.items() if value is not None
    ]
    if problems:
        raise InputError(problems)


def _parse_limits(texts: list[str] | None) -> dict[str, float]:
    limits: dict[str, float] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InputError(f"--limit: expected QUANTITY=VALUE such as delay_ms=50 {got(text)}")
        if name.strip() in limits:
            raise InputError(f"--limit: {name.strip()}: set twice {got(text)}")
        limits[name.strip()] = options.real(f"--limit {name.strip()}")(value)
    return limits


def _write_plots(
    search: "Cascades", answers: "list[Answer]", front: "list[Choice] | None", cost: str | None, folder: Path | None
) -> list[Path]:
    """Write the pictures where a folder is given, and return their paths."""
    if folder is None:
        return []
    from pivotsim.plots.exploration.effort import plot_entropies, plot_front

    paths = [plot_entropies(search, answers[0].choice, folder)] if answers else []
    return paths if front is None else [*paths, plot_front(front, str(cost), folder)]
