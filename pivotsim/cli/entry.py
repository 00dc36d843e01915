"""The entry point: commands, --version, and errors as single lines with their exit codes."""

import atexit
import gc
import importlib
import io
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from pivotsim._version import __version__
from pivotsim.cli.command import App
from pivotsim.cli.output import forget, print_note, print_raw, until_readers_leave
from pivotsim.cli.status import while_running
from pivotsim.cli.usage import check_given_once, named_as_typed, usage_line
from pivotsim.errors import InputError, PivotsimError, one_line
from pivotsim.io.search_path import check_unpacked, take_notes

STARTUP_OBJECTS = 200_000  # loading modules makes a fourth of it, and nearly all stay: no need to look for garbage
MAX_LINES = 21  # of one command's problems; files list 20 of theirs and a line that says so
DONE, CHECK_FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130

# Command -> its module in pivotsim.cli, and what stands for it there: a function, or an app with commands of its own.
COMMANDS = {
    "gemm": ("simulation.multiplying", "gemm_command"),
    "run": ("simulation.simulating", "run_command"),
    "import": ("models.importing", "import_command"),
    "combine": ("simulation.combining", "combine_command"),
    "cosearch": ("exploration.cosearching", "cosearch_command"),
    "compare": ("simulation.comparing", "compare_command"),
    "watch": ("simulation.watching", "watch_command"),
    "schedule": ("exploration.scheduling", "schedule_command"),
    "sweep": ("exploration.exploring", "sweep_command"),
    "front": ("exploration.fronts", "front_command"),
    "export": ("exploration.fronts", "export_command"),
    "rtl": ("hardware.writing", "rtl_command"),
    "quantise": ("models.integers", "quantise_command"),
    "classify": ("models.integers", "classify_command"),
    "warm": ("simulation.warming", "warm_command"),
    "reproduce": ("papers.reproducing", "reproduce_app"),
    "infer": ("papers.inferring", "infer_command"),
    "validate": ("hardware.validating", "validate_command"),
    "calibrate": ("hardware.calibrating", "calibrate_command"),
    "measure": ("hardware.measuring", "measure_app"),
    "show": ("catalogue.showing", "show_app"),
    "list": ("catalogue.listing", "list_command"),
    "schema": ("catalogue.schemas", "schema_command"),
}


def app_of(names: Iterable[str]) -> typer.Typer:
    """Return an app with some of the commands; only their modules are loaded."""
    app = App(
        name="pivotsim",
        pretty_exceptions_enable=False,
        help="Delay and energy of Vision Transformers on systolic-array accelerators.",
        callback=_pivotsim,
    )
    for name in names:
        module, attribute = COMMANDS[name]
        command = getattr(importlib.import_module(f"pivotsim.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        print_raw(f"pivotsim {__version__}")
        raise typer.Exit


def _pivotsim(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 a check failed, 2 wrong input."""
    take_notes()  # of what was looked up before, in this process
    thresholds = gc.get_threshold()
    gc.set_threshold(STARTUP_OBJECTS, *thresholds[1:])
    if arguments is None:
        _own_the_process()
    _open_closed_streams()
    given = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the locale cannot write is shown escaped
            stream.reconfigure(errors="backslashreplace")
    with until_readers_leave():
        try:
            with while_running(" ".join(given[:1])):
                return _main(given)
        finally:
            if arguments is not None:
                gc.set_threshold(*thresholds)
            for line in take_notes():
                print_note(line)


def _own_the_process() -> None:
    """Leave out what a process that runs one command and ends does not need: together a fifth of a short command.

    pydantic reads the metadata of every package that is installed, for plugins that would watch our specifications;
    Python looks through all objects for garbage before it ends.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    atexit.register(gc.freeze)


def _open_closed_streams() -> None:
    """Open the null device where the process was started without stdin, stdout or stderr.

    Else the next file that is opened gets the free number, and takes what a library writes to that stream.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one


def _all_commands() -> Any:
    return typer.main.get_command(app_of(COMMANDS))


def _main(given: list[str]) -> int:
    command: Any = None
    try:
        check_unpacked()
        app = app_of(given[:1] if given[:1] and given[0] in COMMANDS else COMMANDS)  # all for --help and typing errors
        command = typer.main.get_command(app)
        check_given_once(command, given)
        code = command(args=given, prog_name="pivotsim", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except PivotsimError as error:
        problems = [one_line(str(error))]
        if isinstance(error, InputError):
            problems = named_as_typed(error.problems, command, given)
        for problem in problems[:MAX_LINES]:
            print_note(problem)
        if len(problems) > MAX_LINES:
            print_note(f"pivotsim: {len(problems) - MAX_LINES} more such lines are not printed")
        return WRONG_INPUT
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except OSError as error:  # a full disk behind stdout, say
        if sys.stdout is not None:
            forget(sys.stdout.fileno)
        print_note(f"pivotsim: output cannot be written: {error.strerror or error}")
        return WRONG_INPUT
    except Exception as error:
        describe = getattr(error, "format_message", None)  # usage errors of typer
        if describe is None:
            raise
        message = str(describe())
        if message.startswith("Usage:"):  # a command group without a command: its help
            print_note(message)
        else:
            own = message.partition("Value error, ")[2]  # typer wraps what a parser of ours raised,
            if not own and isinstance(error.__context__, InputError):  # and up to 0.28 leaves its text out
                own = str(error.__context__)
            print_note(one_line(own or usage_line(error, message, given, _all_commands)))
        return WRONG_INPUT
    return code if isinstance(code, int) else DONE
