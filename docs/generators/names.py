"""The Python reference: every public name, by the namespace that holds it."""

import importlib
import inspect
import types

import pivotsim

TOP = "pivotsim"
HIDDEN = {"__version__"}


def names_page() -> str:
    """Return the page: of each public name its docstring and signature, where it is defined."""
    parts = [
        "# Python names",
        "What `import pivotsim as ps` offers, then its namespaces (`ps.effort`, `ps.dram`, ...). A name that"
        " stands in two places is told at the first. [In Python](../python.md) shows how they work together.",
    ]
    told: dict[str, str] = {}
    for namespace in namespaces():
        module = importlib.import_module(namespace)
        parts += [f"## {namespace}", (module.__doc__ or "").strip().split("\n\n")[0].replace("``", "`")]
        again = [name for name in public_names(module) if _home(module, name) in told]
        for name in public_names(module):
            if name not in again:
                told[_home(module, name)] = name
                parts.append(f"### {name}\n\n{_entry(module, name)}")
        if again:
            links = ", ".join(f"[{name}](#{name.lower()})" for name in again)
            parts.append(f"Also here: {links}.")
    return "\n\n".join(parts) + "\n"


def namespaces() -> list[str]:
    """Return the package and those of its namespaces that name what is public."""
    inner = [f"{TOP}.{name}" for name in pivotsim._NAMESPACES]
    return [TOP, *(name for name in inner if public_names(importlib.import_module(name)))]


def public_names(module: types.ModuleType) -> list[str]:
    """Return a namespace's public names, sorted without case."""
    return sorted(set(getattr(module, "__all__", ())) - HIDDEN, key=str.lower)


def _home(module: types.ModuleType, name: str) -> str:
    """Return the dotted path at which a name is defined, of a plain value that which its namespace takes it from."""
    found = getattr(module, name)
    if hasattr(found, "__qualname__") and not isinstance(found, types.GenericAlias):
        return f"{found.__module__}.{found.__qualname__}"
    return f"{module._HOMES[name]}.{name}"


def _entry(module: types.ModuleType, name: str) -> str:
    """Return the directive that shows a name where it is defined."""
    found, home = getattr(module, name), _home(module, name)
    kind = "class" if inspect.isclass(found) else "function" if inspect.isroutine(found) else "data"
    members = "\n   :members:" if kind == "class" and not issubclass(found, Exception) else ""
    return f"```{{eval-rst}}\n.. auto{kind}:: {home}{members}\n```"
