"""The package as a whole: lazy, complete, and without names that clash."""

import ast
import importlib
import importlib.util
import inspect
import pkgutil
import subprocess
import sys
import types
from collections import Counter
from pathlib import Path

import pytest

import pivotsim
from tests.public_names import NAMESPACES

NEED_TORCH = (
    "pivotsim.vit_torch", "pivotsim.importers.torch.programs", "pivotsim.importers.named",
    "pivotsim.importers.checkpoints.torch_files",
)  # fmt: skip
NEED_ONNX = ("pivotsim.importers.onnx",)
HAS_TORCH, HAS_ONNX = (importlib.util.find_spec(name) is not None for name in ("torch", "onnx"))
UNLOADABLE = (*(() if HAS_TORCH else NEED_TORCH), *(() if HAS_ONNX else NEED_ONNX), "pivotsim.__main__")
MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(pivotsim.__path__, "pivotsim.", onerror=lambda _: None)
    if not info.name.startswith(UNLOADABLE)
)


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout


def test_import_loads_nothing_heavy():
    heavy = {"numpy", "numba", "pydantic", "yaml", "matplotlib", "pandas", "typer", "rich", "torch"}
    assert run_python(f"import sys, pivotsim; print(sorted({heavy!r} & set(sys.modules)))").strip() == "[]"


def test_a_run_draws_and_tabulates_nothing():
    code = (
        "import sys, pivotsim as ps; ps.simulate(ps.plan('deit_s')); print({'matplotlib', 'pandas'} & set(sys.modules))"
    )
    assert run_python(code).strip() == "set()"


def test_hardware_and_plans_need_no_numba():
    code = (
        "import sys, pivotsim as p; p.load_hardware('zcu102'); p.lower(p.plan('deit_s')); print('numba' in sys.modules)"
    )
    assert run_python(code).strip() == "False"


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["run", "deit_s"], {"numba"}),
        (["gemm", "197", "384", "1536"], {"numba", "pivotsim.hardware.kinds.mpca"}),  # its fit's counts need numpy
    ],
    ids=["run", "gemm"],
)
def test_closed_forms_on_one_board_load_little(arguments, unneeded):
    code = (
        "import sys; from pivotsim.cli.entry import main\n"
        f"assert main({arguments!r}) == 0 and len(sys.modules) > 100; print({unneeded!r} & set(sys.modules))"
    )
    assert run_python(code).splitlines()[-1] == "set()"


def test_a_closed_form_gemm_needs_no_numpy_and_no_counts():
    """Nor does a fit by constants."""
    code = (
        "import sys, pivotsim as ps; assert ps.simulate_gemm(197, 384, 1536).cycles > 0\n"
        "ps.fit(ps.load_hardware('zcu102').replace({'fpga.use.counted_by': 'fitted'}))\n"
        "print({'numpy', 'numba', 'pivotsim.hardware.resources.recorded'} & set(sys.modules))"
    )
    assert run_python(code).strip() == "set()"


def test_modules_of_kernels_need_no_numba():
    names = [name for name in MODULES if name.startswith("pivotsim.kernels")]
    assert len(names) > 30
    code = f"import importlib, sys; [importlib.import_module(n) for n in {names!r}]; print('numba' in sys.modules)"
    assert run_python(code).strip() == "False"


def test_public_names():
    for name in MODULES:  # load everything first: a submodule must not replace a public name
        importlib.import_module(name)
    for package in (pivotsim, *(importlib.import_module(f"pivotsim.{name}") for name in NAMESPACES)):
        for name in package.__all__:
            assert not isinstance(getattr(package, name), types.ModuleType), name
        assert set(package._HOMES) | ({"__version__"} & set(package.__all__)) == set(package.__all__)
        assert dir(package) == sorted(package.__all__)
        with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nothing'"):
            package.nothing  # noqa: B018


def test_what_type_checkers_see_is_what_there_is():
    for package in (pivotsim, *(importlib.import_module(f"pivotsim.{name}") for name in NAMESPACES)):
        tree = ast.parse(Path(package.__file__).read_text())
        blocks = [node.body for node in tree.body if isinstance(node, ast.If)]
        imported = {alias.name: node.module for body in blocks for node in body for alias in node.names}
        assert imported == package._HOMES, package.__name__


def test_namespaces_need_no_import_of_their_own():
    code = f"import pivotsim as ps; print([getattr(ps, name).__name__ for name in {NAMESPACES!r}])"
    assert run_python(code).strip() == str([f"pivotsim.{name}" for name in NAMESPACES])


def test_namespaces_load_nothing_heavy():
    imports = ", ".join(f"pivotsim.{name}" for name in NAMESPACES)
    heavy = {"numpy", "numba", "pydantic", "yaml", "matplotlib", "pandas", "typer", "rich", "torch"}
    assert run_python(f"import sys, {imports}; print(sorted({heavy!r} & set(sys.modules)))").strip() == "[]"


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith("pivotsim.kernels")])
def test_no_function_shares_a_name_with_a_module_beside_it(name):
    module = importlib.import_module(name)
    package = importlib.import_module(name.rpartition(".")[0])
    beside = {info.name for info in pkgutil.iter_modules(package.__path__)}
    own = {n for n, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == name and n[0] != "_"}
    assert not own & beside


def test_folders_hold_few_modules():
    modules = Counter(path.parent for path in Path(pivotsim.__file__).parent.rglob("*.py"))
    assert {str(folder): n for folder, n in modules.items() if n > 14} == {}


@pytest.mark.parametrize("name", [n for n in pivotsim.__all__ if n != "__version__"])
def test_public_docstrings(name):
    thing = getattr(pivotsim, name)
    assert thing.__doc__ and len(thing.__doc__.strip()) > 20
    if inspect.isfunction(thing):
        assert "Examples" in thing.__doc__


def test_a_missing_extra_names_its_install_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        pivotsim.PivotsimError, match=r"needs pandas; install it with: pip install 'pivotsim\[pandas\]'"
    ):
        pivotsim.simulate(pivotsim.plan("deit_s")).to_frame()


def test_torch_is_imported_late_and_missed_politely():
    code = (
        "import sys; sys.modules['torch'] = None; import pivotsim as ps\n"
        "from pivotsim.pruning.devices import torch_live\n"
        "for use in (lambda: torch_live.TorchLive('cpu'), "
        "lambda: __import__('pivotsim.vit_torch.model.transformer')):\n"
        "    try:\n        use()\n    except ps.PivotsimError as error:\n        print(error)"
    )
    commands = "pip install 'pivotsim[torch]', or in a clone pip install -e '.[torch]'"
    problem = f"the plain-torch ViT needs torch; install it with: {commands}"
    assert run_python(code).splitlines() == [problem] * 2


def test_frames():
    report = pivotsim.simulate(pivotsim.plan("deit_s"))
    frame = report.to_frame()
    assert list(frame.columns) == [
        "encoder",
        "module",
        "kind",
        "resource",
        "cycles",
        "macs",
        "delay_ms",
        "start_ms",
        "layer",
    ]
    assert frame["cycles"].sum() == report.pl_cycles
