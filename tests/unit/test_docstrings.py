"""What help() says of public names: every parameter, what comes back, and an example."""

import importlib
import inspect
import re

import pytest

import pivotsim
from tests.public_names import NAMESPACES

MODULES = [pivotsim, *(importlib.import_module(f"pivotsim.{name}") for name in NAMESPACES)]
PUBLIC = {f"{module.__name__}.{name}": getattr(module, name) for module in MODULES for name in module.__all__}
FUNCTIONS = {thing: name for name, thing in PUBLIC.items() if inspect.isfunction(thing)}
CLASSES = {thing: name for name, thing in PUBLIC.items() if inspect.isclass(thing)}


def sections(doc):
    """Return {title: text} of a numpydoc docstring."""
    parts = re.split(r"^([A-Z][\w ]+)\n-{3,}\n", inspect.cleandoc(doc), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def described(text):
    """Return the parameters that a section describes, in its order."""
    heads = re.findall(r"^(\*{0,2}\w[^:\n]*?)(?: : .*)?$", text, flags=re.M)
    return [name.strip() for head in heads for name in head.split(",")]


@pytest.mark.parametrize("function", FUNCTIONS, ids=FUNCTIONS.values())
def test_functions_describe_what_they_take_and_return(function):
    found = sections(function.__doc__)
    parameters = inspect.signature(function).parameters.values()
    stars = {inspect.Parameter.VAR_KEYWORD: "**", inspect.Parameter.VAR_POSITIONAL: "*"}
    assert described(found.get("Parameters", "")) == [stars.get(p.kind, "") + p.name for p in parameters]
    assert "Returns" in found and ">>>" in found.get("Examples", "")


def public_methods(thing):
    for name, value in vars(thing).items():
        value = getattr(value, "func", value) if type(value).__name__ == "cached_property" else value
        if name[0] != "_" and (inspect.isfunction(value) or isinstance(value, property)):
            yield name, value.fget if isinstance(value, property) else value


@pytest.mark.parametrize("thing", CLASSES, ids=CLASSES.values())
def test_classes_describe_themselves_and_their_members(thing):
    assert thing.__doc__ and len(thing.__doc__) > 20 and not thing.__doc__.startswith(f"{thing.__name__}(")
    for name, function in public_methods(thing):
        assert function.__doc__, f"{thing.__name__}.{name}"


def test_reports_list_all_of_their_attributes():
    report = pivotsim.Report
    listed = described(sections(report.__doc__)["Attributes"])
    fields = [name for name in report.__dataclass_fields__ if name not in ("inputs",)]
    properties = [name for name, value in vars(report).items() if isinstance(value, property)]
    assert not {*fields, *properties} - {*listed}
