"""The command that compiles before anything waits for it: warm."""

from pivotsim.cli import options
from pivotsim.cli.output import print_json, print_line
from pivotsim.errors import InputError, got
from pivotsim.tables import number


def warm_command(json: options.JsonOption = False) -> None:
    """Compile all kernels now, about a minute, so that no later command does.

    Example: pivotsim warm
    """
    from pivotsim.kernels.compilation import compile_all

    groups, unstored = [], ""
    for group in compile_all():
        groups.append(group)
        unstored = unstored or group.not_stored
        if group.compiled and not json:
            print_line(f"{group.purpose}: {group.compiled} of {group.kernels} kernels, {number(group.seconds, 1)} s")
    if unstored:
        raise InputError(f"warm: the kernels' cache cannot be written; set NUMBA_CACHE_DIR to a folder {got(unstored)}")
    compiled = sum(group.compiled for group in groups)
    if json:
        parts = [{name: value for name, value in group._asdict().items() if name != "not_stored"} for group in groups]
        print_json({"compiled": compiled, "groups": parts})
    elif not compiled:
        print_line("nothing to compile")
