"""The commands quantise and classify: a checkpoint as a model of integers, and what such a model says of images."""

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli import options
from pivotsim.cli.models.rungs import parse_rungs
from pivotsim.cli.output import beside, print_json, print_line, print_table
from pivotsim.cli.report_tables import print_end
from pivotsim.errors import InputError, got
from pivotsim.tables import counted, number, percent

if TYPE_CHECKING:
    from pivotsim.workload.plans import Plan

WHOLE = "whole"
RungOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rung",
        metavar="NAME[=FLAGS]",
        help="A plan that is run, by flags of run, as in 'low=--active 1-3'; without flags the whole model; "
        "repeatable, the lowest effort first [default: whole].",
    ),
]


def quantise_command(
    model: Annotated[str, typer.Argument(help="Model: a name or a YAML file.", show_default=False)],
    checkpoint: Annotated[
        Path,
        typer.Option("--checkpoint", parser=options.file_of("--checkpoint"), metavar="FILE", help="Weights, .pth."),
    ],
    images: Annotated[
        str, typer.Option("--images", metavar="FILE", help="Normalised images that show the ranges, .npz, or a sample.")
    ],
    out: Annotated[
        Path, typer.Option("--out", parser=options.file_of("--out"), metavar="FILE", help="The integers, .npz.")
    ],
    rung: RungOption = None,
) -> None:
    """Make a checkpoint a model of integers: weights, biases, scales and tables, one set for all rungs.

    Ranges are the largest that the images show in any rung. Needs torch.
    Example: pivotsim quantise digits_vit --checkpoint FILE --images digits --out digits_int8.npz
    """
    from pivotsim.importers.checkpoints.tensors import check_file
    from pivotsim.integer.images import read_images
    from pivotsim.models.spec import load_model

    spec, shown = load_model(model), read_images(images)
    plans = _plans(spec, rung)
    if shown.images.dtype.kind != "f":
        raise InputError("--images: must be normalised, in decimal numbers (got integers)")
    check_file(checkpoint)  # before torch is asked for
    from pivotsim.integer.weights.quantisation import quantise
    from pivotsim.vit_torch.model.checkpoints import load_checkpoint
    from pivotsim.vit_torch.model.transformer import build_vit

    vit = build_vit(spec)
    load_checkpoint(vit, checkpoint)
    import torch

    made = quantise(vit, torch.tensor(shown.images, dtype=torch.float32), plans.values())
    made.save(out)
    with beside(out):
        ranges = f"ranges of {counted(len(shown.images), 'image')} in {', '.join(plans)}"
        print_line(f"wrote {out}: {made.weight_bytes:,} bytes of weights, {ranges}")


def classify_command(
    integers: Annotated[
        str, typer.Argument(metavar="INTEGERS", help="What quantise wrote, .npz, or a sample.", show_default=False)
    ],
    images: Annotated[
        str,
        typer.Argument(metavar="IMAGES", help="Images, and labels where known, .npz, or a sample.", show_default=False),
    ],
    rung: RungOption = None,
    thresholds: Annotated[
        str | None,
        typer.Option(
            "--thresholds",
            metavar="E,E,...",
            help="Of each rung but the last: an image leaves where its normalised entropy is below it.",
        ),
    ] = None,
    json: options.JsonOption = False,
) -> None:
    """Classes of images by integers alone, every bit as the hardware's, with an entropy gate between rungs.

    Example: pivotsim classify digits digits --rung 'low=--active 1,2,4,6' --rung whole --thresholds 0.05
    """
    from pivotsim.integer.gate import classify
    from pivotsim.integer.images import read_images
    from pivotsim.integer.weights.model import read_integer_model
    from pivotsim.io.samples import find_sample, sample_note

    own, (shown, labels) = read_integer_model(integers), read_images(images)
    given = {
        "integers": find_sample("integer", "integers", integers),
        "images": find_sample("images", "images", images),
    }
    notes = [note for what, sample in given.items() for note in sample_note(what, sample, own.model.name)]
    plans = _plans(own.model, rung)
    texts = [] if thresholds is None else thresholds.split(",")
    cuts = [options.real("--thresholds")(text) for text in texts]
    if len(cuts) != len(plans) - 1:
        raise InputError(f"--thresholds: expected {len(plans) - 1}, one per rung but the last {got(len(cuts))}")
    notes += _odd_order(plans)
    found = classify(own, shown, list(plans.values()), cuts)
    right = None if labels is None else found.classes == labels
    rows: list[dict[str, Any]] = []
    for place, name in enumerate(plans):
        here = found.efforts == place
        row = {"rung": name, "threshold": cuts[place] if place < len(cuts) else None, "images": int(here.sum())}
        rows.append(row if right is None else {**row, "right": int(right[here].sum())})
    accuracy = {} if right is None else {"accuracy_frac": float(right.mean())}
    if json:
        lists = {"classes": found.classes.tolist(), "rung_of_image": found.efforts.tolist()}
        print_json({"model": own.model.name, "images": len(shown), **accuracy, "rungs": rows, **lists, "notes": notes})
        return
    columns = ["rung", "leaves below", "images", "share", *([] if right is None else ["right"])]
    print_table(
        columns,
        [
            [
                row["rung"], number(row["threshold"]), row["images"], percent(row["images"] / len(shown)),
                *([] if right is None else [row["right"]]),
            ]
            for row in rows
        ],
        range(1, len(columns)),
    )  # fmt: skip
    if accuracy:
        print_line(f"{percent(accuracy['accuracy_frac'])} of {counted(len(shown), 'image')} right")
    print_end(tuple(notes), [])


def _odd_order(plans: "dict[str, Plan]") -> list[str]:
    """Return a note for each rung that multiplies less than the one before it."""
    from pivotsim.workload.lowering.plan import lower

    macs = {name: lower(one).macs for name, one in plans.items()}
    return [
        f"order: rung {after} takes fewer multiplications than {before}, the one before it"
        for before, after in itertools.pairwise(macs)
        if macs[after] < macs[before]
    ]


def _plans(model: Any, rung: list[str] | None) -> "dict[str, Plan]":
    """Return {name: plan} of the rungs, or of the whole model."""
    from pivotsim.workload.plans import plan

    whole = plan(model)
    return {asked.name: asked.of(whole) for asked in parse_rungs(rung or [WHOLE])}
