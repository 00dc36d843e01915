"""What the package hands out cannot be changed behind its back."""

import dataclasses
import importlib
import inspect
import pkgutil

import pivotsim
from tests.unit.test_package import NEED_TORCH

# tallies that one function fills
MUTABLE = {"DesignGroup", "Designs", "Gemm", "Lowered", "Planned", "Program", "Worker", "_Total"}


def test_dataclasses_are_frozen():
    names = [info.name for info in pkgutil.walk_packages(pivotsim.__path__, "pivotsim.")]
    names = [name for name in names if not name.startswith((*NEED_TORCH, "pivotsim.__main__"))]
    classes = {
        cls
        for name in names
        for _, cls in inspect.getmembers(importlib.import_module(name), inspect.isclass)
        if dataclasses.is_dataclass(cls) and cls.__module__.startswith("pivotsim.")
    }
    assert len(classes) > 50
    assert {cls.__name__ for cls in classes if not cls.__dataclass_params__.frozen} == MUTABLE
