"""How many modules decide on a dataflow by its name or code, and how often a kernel's record is read by a bare number.

Run as ``python -m tests.proofs.dataflow_decisions``: lists both, and fails where there are more than the bounds.

A module decides where it compares one of the table's names (``"ws"``), codes (``WS``, ``DATAFLOWS[0]``) or something
called dataflow, or displays a mapping keyed by all names; reading a row of the table decides nothing.
"""

import ast
import sys
from pathlib import Path

from pivotsim.hardware.dataflows import DATAFLOWS

PACKAGE = Path(__file__).parents[2] / "pivotsim"
MOST_MODULES, MOST_BARE = 10, 0
CALLED = {"dataflow", "dataflows", "DATAFLOWS", *(name.upper() for name in DATAFLOWS)}
RECORDS = {"design", "gemm", "limits", "dram", "parts"}


def decisions(source: str) -> list[int]:
    """Return the lines on which a module decides on a dataflow."""
    return sorted({node.lineno for node in ast.walk(ast.parse(source)) if _decides(node)})


def _decides(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        return any(_is_dataflow(side) for side in (node.left, *node.comparators))
    if isinstance(node, ast.Dict):
        return {key.value for key in node.keys if isinstance(key, ast.Constant)} >= set(DATAFLOWS)
    if isinstance(node, ast.MatchValue):
        return _is_dataflow(node.value)
    return False


def _is_dataflow(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value in DATAFLOWS
    if isinstance(node, ast.Subscript):  # DATAFLOWS[code], array["dataflow"], ROLES["is"]
        return _is_dataflow(node.value) or _is_dataflow(node.slice) or _says_dataflow(node.slice)
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return any(_is_dataflow(element) for element in node.elts)
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name in CALLED


def _says_dataflow(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == "dataflow"


def bare_indices(source: str) -> list[int]:
    """Return the lines on which one of ``RECORDS`` is read at a numeric place."""
    return sorted(
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id in RECORDS
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, int)
    )


def deciding_modules() -> dict[str, list[int]]:
    """Return the modules of the package that decide on a dataflow, with the lines."""
    found = {path.relative_to(PACKAGE).as_posix(): decisions(path.read_text()) for path in PACKAGE.rglob("*.py")}
    return {module: lines for module, lines in sorted(found.items()) if lines}


def bare_kernels() -> dict[str, list[int]]:
    """Return the kernels that read a record at a numeric place, with the lines."""
    kernels = PACKAGE / "kernels"
    found = {path.relative_to(PACKAGE).as_posix(): bare_indices(path.read_text()) for path in kernels.rglob("*.py")}
    return {module: lines for module, lines in sorted(found.items()) if lines}


def main() -> int:
    modules, bare = deciding_modules(), bare_kernels()
    places = sum(len(lines) for lines in bare.values())
    for module, lines in modules.items():
        print(f"{module}: decides on lines {', '.join(map(str, lines))}")
    for module, lines in bare.items():
        print(f"{module}: bare numbers on lines {', '.join(map(str, lines))}")
    print(f"{len(modules)} modules decide on a dataflow (at most {MOST_MODULES})")
    print(f"{places} bare numeric places in records of kernels (at most {MOST_BARE})")
    return int(len(modules) > MOST_MODULES or places > MOST_BARE)


if __name__ == "__main__":
    sys.exit(main())
