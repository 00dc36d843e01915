"""What every command has: options in groups on its help page, and --format where it prints tables."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand

from pivotsim.cli.completion import complete_values
from pivotsim.cli.output import FORMATS, TEXT, printed_as
from pivotsim.errors import InputError, check_choice, got

# the groups of a help page, in their order, with the options of each
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Workload": (
        "--trace", "--model", "--active", "--low", "--high", "--f-low", "--effort", "--exit-fractions", "--batch",
        "--qkv", "--score-bits", "--density", "--block", "--size", "--skip", "--experts", "--accuracy", "--logits",
        "--cka", "--rung", "--part",
    ),
    "Pruning": (
        "--heads", "--neurons", "--tokens", "--blocks", "--attention", "--split", "--preset", "--checkpoint",
        "--pruning-ms",
    ),
    "Hardware": (
        "--hw", "--set", "--array", "--arrays", "--dataflow", "--fold-overlap", "--edge", "--os-edge-register",
        "--mac-latency", "--recorded", "--live", "--cores", "--language", "--cc", "--cflags",
    ),
    "Simulation": ("--engine", "--memory", "--profile", "--energy", "--scope", "--ps-pl-overlap", "--gate"),
    "Search": (
        "--method", "--samples", "--workers", "--scheduler", "--objectives", "--objective", "--maximize", "--where",
        "--limit", "--target-delay-ms", "--lec", "--levels", "--max-efforts", "--tolerance", "--front", "--reference",
        "--vary", "--alpha", "--stride", "--encoder", "--methods", "--space", "--hold", "--draws", "--seed", "--rounds",
        "--budget-ms", "--taken",
    ),
    "Output": (
        "--by", "--heat", "--show", "--rows", "--errors", "--full", "--out", "--csv", "--scalesim", "--timeline",
        "--template", "--gif", "--html", "--plots", "--json", "--format",
    ),
}  # fmt: skip
GROUP_OF = {option: group for group, options in GROUPS.items() for option in options}
OTHERS = "Options"
# of a command whose option means another thing than elsewhere
OWN = {("gemm", "--split"): "Hardware", ("gemm", "--seed"): "Workload", ("reproduce pivot", "--recorded"): "Output"}
Function = TypeVar("Function", bound=Callable[..., Any])
NO_TABLES = ("sweep", "warm")  # they print JSON or lines


@cache
def _format_option() -> Any:
    """Return the option --format, as typer makes it."""
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
    ) -> None:
        """Hold the option."""

    return next(p for p in typer.main.get_command(app).params if p.opts == ["--format"])


class Command(TyperCommand):
    """A command with its options in groups; one that prints JSON where that is asked for prints tables else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.name not in NO_TABLES and any("--json" in p.opts for p in self.params):
            self.params.append(_format_option())
        complete_values(self.name, self.params)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, its tables printed in the form that --format names."""
        form = ctx.params.pop("form", None)
        if form is None:
            return super().invoke(ctx)
        check_choice("--format", form, FORMATS)
        if ctx.params.get("json"):
            raise InputError(f"--format: chooses the form of tables, and --json prints none {got(form)}")
        with printed_as(form):
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
