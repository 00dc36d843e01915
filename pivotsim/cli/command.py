"""What every command has: options in groups on its help page, and --format where it prints tables."""

import contextlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand

from pivotsim.cli.completion import complete_values
from pivotsim.cli.options import integer
from pivotsim.cli.output import FORMATS, TEXT, printed_as
from pivotsim.errors import InputError, check_choice, got

# the groups of a help page, in their order, with the options of each
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Workload": (
        "--trace", "--model", "--active", "--low", "--high", "--f-low", "--effort", "--exit-fractions", "--batch",
        "--qkv", "--score-bits", "--density", "--block", "--size", "--skip", "--experts", "--accuracy", "--logits",
        "--cka", "--rung", "--part", "--weights", "--from", "--point", "--images",
        "--integer",
    ),
    "Pruning": (
        "--heads", "--neurons", "--tokens", "--blocks", "--attention", "--split", "--preset", "--checkpoint",
        "--pruning-ms",
    ),
    "Hardware": (
        "--hw", "--set", "--array", "--arrays", "--dataflow", "--fold-overlap", "--edge", "--os-edge-register",
        "--mac-latency", "--mac-packing", "--recorded", "--live", "--cores", "--language", "--cc", "--cflags",
        "--as-stated", "--timing",
    ),
    "Simulation": (
        "--engine", "--memory", "--profile", "--energy", "--scope", "--ps-pl-overlap", "--gate",
        "--activity", "--activity-random",
    ),
    "Search": (
        "--method", "--samples", "--workers", "--scheduler", "--objectives", "--objective", "--maximize", "--where",
        "--limit", "--target-delay-ms", "--thresholds", "--lec", "--levels", "--max-efforts", "--tolerance", "--front",
        "--reference", "--vary", "--alpha", "--stride", "--encoder", "--methods", "--space", "--hold", "--draws",
        "--seed", "--rounds", "--budget-ms", "--taken",
    ),
    "Output": (
        "--by", "--heat", "--show", "--rows", "--errors", "--full", "--out", "--csv", "--scalesim", "--timeline",
        "--template", "--gif", "--html", "--plots", "--figure-format",
        "--figure-columns", "--json", "--format",
    ),
}  # fmt: skip
GROUP_OF = {option: group for group, options in GROUPS.items() for option in options}
OTHERS = "Options"
# of a command whose option means another thing than elsewhere
OWN = {("gemm", "--split"): "Hardware", ("gemm", "--seed"): "Workload", ("reproduce pivot", "--recorded"): "Output"}
Function = TypeVar("Function", bound=Callable[..., Any])
NO_TABLES = ("sweep", "warm", "quantise")  # they print JSON or lines
DRAWS = ("watch",)  # it draws without being asked


@cache
def _shared_options() -> dict[str, Any]:
    """Return the options that commands share, by their parameters' names, as typer makes them."""
    app = typer.Typer()

    @app.command()
    def holder(
        form: Annotated[
            str | None,
            typer.Option(
                "--format",
                metavar="|".join(FORMATS),
                help=f"Form of the tables [default: {TEXT}]; what is said beside them is a comment in latex, and goes "
                "to stderr with csv.",
            ),
        ] = None,
        figure_format: Annotated[
            str | None, typer.Option(metavar="png|pdf|svg", help="Form of the pictures [default: png].")
        ] = None,
        figure_columns: Annotated[
            int | None,
            typer.Option(
                parser=integer("--figure-columns"),
                metavar="1|2",
                help="Width of the pictures: one column of a paper (3.5 in), or two (7.16 in) [default: their own].",
            ),
        ] = None,
    ) -> None:
        """Hold the options."""

    return {parameter.name: parameter for parameter in typer.main.get_command(app).params}


class Command(TyperCommand):
    """A command with its options in groups; one that prints JSON where that is asked for prints tables else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = {option for parameter in self.params for option in parameter.opts}
        shared = _shared_options()
        if "--json" in names and self.name not in NO_TABLES:
            self.params.append(shared["form"])
        if "--plots" in names or self.name in DRAWS:
            self.params += [shared["figure_format"], shared["figure_columns"]]
        complete_values(self.name, self.params)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, its tables and pictures in the forms that are asked for."""
        form, kind, columns = (ctx.params.pop(name, None) for name in ("form", "figure_format", "figure_columns"))
        with contextlib.ExitStack() as forms:
            if form is not None:
                check_choice("--format", form, FORMATS)
                if ctx.params.get("json"):
                    raise InputError(f"--format: chooses the form of tables, and --json prints none {got(form)}")
                forms.enter_context(printed_as(form))
            if (kind, columns) != (None, None):
                from pivotsim.plots.style import drawn_as

                if self.name not in DRAWS and ctx.params.get("plots") is None:
                    name = "--figure-columns" if kind is None else "--figure-format"
                    raise InputError(f"{name}: changes pictures alone, give --plots too {got(kind or columns)}")
                forms.enter_context(drawn_as(kind or "png", columns))
            return super().invoke(ctx)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, and the options group by group."""
        path = ctx.command_path.removeprefix("pivotsim ")
        lists: dict[str, list[tuple[str, str]]] = {name: [] for name in ("Arguments", *GROUPS, OTHERS)}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            option = parameter.opts[0]
            is_option = parameter.param_type_name == "option"
            group = OWN.get((path, option), GROUP_OF.get(option, OTHERS)) if is_option else "Arguments"
            lists[group].append(record)
        for name, records in lists.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)


class App(typer.Typer):
    """A group of commands, each a ``Command``; its help is as wide as the terminal."""

    def __init__(self, **kwargs: Any) -> None:
        settings = {"help_option_names": ["-h", "--help"], "max_content_width": 10_000}
        super().__init__(no_args_is_help=True, rich_markup_mode=None, context_settings=settings, **kwargs)

    def command(self, name: str | None = None, **kwargs: Any) -> Callable[[Function], Function]:
        """Return what adds a function as a command."""
        return super().command(name, cls=Command, **kwargs)
