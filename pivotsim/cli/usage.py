"""Lines about commands that cannot be read: options and arguments that do not exist, or are missing."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pivotsim.errors import InputError, got, got_typed, nearest

# options that a command does not have -> the value of --set that says the same, with one to show
SETTINGS = {
    **dict.fromkeys(("--dataflow", "--df"), ("array.dataflow", "os")),
    **dict.fromkeys(("--rows", "--array-rows", "--array-height"), ("array.rows", "32")),
    **dict.fromkeys(("--cols", "--columns", "--array-cols", "--array-width"), ("array.cols", "32")),
    **dict.fromkeys(("--clock", "--clock-mhz", "--freq", "--frequency", "--mhz"), ("array.clock_mhz", "200")),
    "--fold-overlap": ("array.fold_overlap", "preload"), "--edge": ("array.edge", "aware"),
    "--mac-latency": ("array.mac_latency", "2"), "--mac-packing": ("array.mac_packing", "2"),
    "--os-edge-register": ("array.os_edge_register", "true"),
    **dict.fromkeys(("--bits", "--operand-bits", "--precision"), ("array.operand_bits", "8")),
    **dict.fromkeys(("--depth", "--layers", "--encoders"), ("model.depth", "17")),
    **dict.fromkeys(("--image-px", "--image-size", "--img-size", "--resolution"), ("model.image_px", "384")),
    **dict.fromkeys(("--patch-px", "--patch-size"), ("model.patch_px", "16")),
    "--width": ("model.width", "384"), "--classes": ("model.classes", "10"),
    "--dram": ("memories.dram", "dram/ddr4_2400"), "--cores": ("host.cores", "2"),
    **dict.fromkeys(("--bandwidth", "--dram-bandwidth"), ("memories.dram_bytes_per_s", "1e10")),
    **dict.fromkeys(("--power", "--watts"), ("power.board_w", "8")), "--softmax": ("placement.softmax", "pl"),
}  # fmt: skip
SIZE = ("--array", "--array-size")  # of two settings
SAME = {  # other words for options that a command may have
    **dict.fromkeys(("--hardware", "--board", "--fpga", "--config", "--cfg", "-c"), "--hw"),
    **dict.fromkeys(("--output", "--save", "--out", "-o", "--folder"), ("--out", "--csv", "--plots")),
    **dict.fromkeys(("--jobs", "--processes", "--threads", "-j"), "--workers"),
    **dict.fromkeys(("--input", "--file", "--topology", "-t"), "--trace"),
    **dict.fromkeys(("--pictures", "--figures", "--plot"), "--plots"),
    **dict.fromkeys(("--sparsity", "--mask", "--masks"), "--attention"),
    **dict.fromkeys(("--images", "-b"), "--batch"),
}  # fmt: skip
MAX_OWNERS = 4  # commands that have an option which another lacks
OPTION = {"count": "--arrays"}  # parameters of Python whose option has another name
MODEL = ("--model", "-m", "--network", "--workload")


def check_given_once(command: Any, given: Sequence[str]) -> None:
    """Raise InputError where an option that takes one value is given several times, of which the last would count.

    Parameters
    ----------
    command : Command
        All commands, or those of them that are loaded.
    given : sequence of str
        All arguments of the command line.
    """
    command = command_of(command, given)
    if hasattr(command, "commands"):
        return
    single = {p.opts[0] for p in command.params if p.opts[0].startswith("--") and not (p.multiple or p.is_flag)}
    for option in sorted(single):
        values = _values_of(option, given)
        if len(values) > 1:
            raise InputError(f"{option}: given {len(values)} times, and takes one value (got {', '.join(values)})")
    for parameter in command.params:
        both = [name for name in (*parameter.opts, *parameter.secondary_opts) if name in given]
        if len(both) > 1:
            raise InputError(f"{' and '.join(both)} exclude each other")


def command_of(command: Any, given: Sequence[str]) -> Any:
    """Return the command that the first of all arguments name, the group or all commands where they name none."""
    for word in given:
        if word not in getattr(command, "commands", {}):
            break
        command = command.commands[word]
    return command


def named_as_typed(problems: Sequence[str], command: Any, given: Sequence[str]) -> list[str]:
    """Return problems, those with the value of an option that was given under the option's own name."""
    typed = {word.partition("=")[0] for word in given}
    parameters = getattr(command_of(command, given), "params", ())
    known = {name: getattr(p, "multiple", False) for p in parameters for name in p.opts if name in typed}

    def told(problem: str) -> str:
        name, colon, rest = problem.partition(":")
        option = OPTION.get(name, f"--{name.replace('_', '-')}")
        if colon and option not in known and known.get(option.removesuffix("s")):  # of several, such as --limit
            return f"{option.removesuffix('s')}{rest}"
        return f"{option}:{rest}" if colon and option in known else problem

    return list(map(told, problems))


def usage_line(error: Any, message: str, given: Sequence[str], every: Callable[[], Any]) -> str:
    """Return one line for an error of the option parser: what is wrong, and what the command takes instead.

    Parameters
    ----------
    error : Exception
        As typer raised it, with the command's context where there is one.
    message : str
        Its own text.
    given : sequence of str
        All arguments of the command line.
    every : callable
        Returns all commands, loaded.
    """
    context = getattr(error, "ctx", None)
    command = str(getattr(context, "command_path", "pivotsim"))
    start = f"{command}: " if command == "pivotsim" else f"{command.removeprefix('pivotsim ')}: "
    text = " ".join(message.split()).rstrip(".")
    parameters = list(getattr(getattr(context, "command", None), "params", ()))
    option = getattr(error, "option_name", None)
    more = f"; `{command} --help` lists"
    if text.startswith("No such option") and option:
        known = [name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)]
        names = [name for name in known if name.startswith("--")]
        return start + _no_option(str(option), names, given, f"{more} them", every)
    if match := re.match(r"No such command '(.*?)'", text):
        commands = list(getattr(getattr(context, "command", None), "commands", ()))
        return f"{start}No such command '{match[1]}'{nearest(match[1], commands, how=f'{more} them')}"
    if match := re.match(r"Got unexpected extra argument\S* \((.*)\)", text):
        return _split_setting(given) or f"{start}an argument too many {got_typed(match[1])}"
    if match := re.match(r"Option '(.*?)' requires an argument", text):
        own = " ".join(["pivotsim", *given[: 2 if given[0] in ("show", "reproduce", "measure") else 1]])
        return f"{match[1]}: needs a value behind it; `{own} --help` says which"
    if text.startswith("Missing"):
        example = re.search(r"Example: (pivotsim .*)", getattr(getattr(context, "command", None), "help", None) or "")
        return f"{start}{text}" + (f", as in: {example[1]}" if example else f"; `{command} --help` says what it is")
    return start + text


def _no_option(option: str, known: list[str], given: Sequence[str], how: str, every: Callable[[], Any]) -> str:
    """Return what follows a command's name where it has no such option."""
    if re.fullmatch(r"-[0-9.]+", option):
        return f"numbers must not be negative {got_typed(option)}"
    text = f"No such option: {option}"
    word = option.lower().replace("_", "-")
    stated = next(iter(_values_of(option, given)), "")
    if "--set" in known and word in SETTINGS:
        path, shown = SETTINGS[word]
        return f"{text}; use --set {path}={stated or shown}"
    if "--set" in known and word in SIZE:
        rows, _, cols = (stated if stated and "x" in stated else "64x36").partition("x")
        return f"{text}; use --set array.rows={rows} --set array.cols={cols}"
    if word in MODEL:
        return f"{text}; a model is given by its name alone, as deit_s"
    if word == "--hw" and list(given[:1]) == ["show"]:
        return f"{text}; hardware is given by its name alone, as zcu102"
    same = SAME.get(word, ())
    for name in (same,) if isinstance(same, str) else same:
        if name in known and name != word:
            return f"{text}; use {name}"
    bare = [name.lstrip("-") for name in known]  # the dashes, which all have, make no name near
    near = nearest(word.lstrip("-"), bare, list_all=False).replace(": '", ": '--")
    owners = [] if near else [f"`{name}`" for name in _owners(every(), word)]
    if 0 < len(owners) <= MAX_OWNERS:
        return f"{text}; {', '.join(owners)} {'has' if len(owners) == 1 else 'have'} it"
    return text + (near or how)


def _owners(command: Any, option: str, path: str = "") -> Iterator[str]:
    """Yield the names of all commands that have an option."""
    for name, each in getattr(command, "commands", {}).items():
        yield from _owners(each, option, f"{path} {name}".strip())
    if path and any(option in p.opts for p in command.params):
        yield path


def _values_of(option: str, given: Sequence[str]) -> list[str]:
    """Return what was given as an option's values, each time that it was."""
    values = []
    for word, after in zip(given, (*given[1:], "-"), strict=False):
        if word.startswith(f"{option}="):
            values.append(word.partition("=")[2])
        elif word == option:
            values.append("" if after.startswith("-") else after)
    return values


def _split_setting(given: Sequence[str]) -> str:
    """Return a line for ``--set PATH VALUE``, written without its equals sign; '' where that is not what is wrong."""
    for word, path, value in zip(given, given[1:], given[2:], strict=False):
        if word == "--set" and "=" not in path and not value.startswith("-"):
            joined = f"{path}{value}" if value.startswith("=") else f"{path}={value}"
            return f"--set: expected PATH=VALUE such as array.rows=32 {got(path)}; write --set {joined}"
    return ""
