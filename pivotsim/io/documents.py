"""YAML files by name: where they are found, and a file laid over the one that its ``base`` names."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pivotsim.errors import InputError, got
from pivotsim.io.file_kinds import check_content, check_suffix, is_file_alone, is_path, not_found
from pivotsim.io.scalesim_settings import is_settings, read_settings
from pivotsim.io.search_path import note, note_missing_roots, note_shadow, note_useless_roots, search_folders
from pivotsim.io.yaml_reader import Document, KeyPath, read_yaml

SET_BY_USER = "set by the user"
INHERITED = "[inherited from "
SPACE_SUFFIX = "_space"
BOUNDS = ("intervals", "ranges")
BESIDE_VALUES = ("sources", *BOUNDS)  # groups of a hardware file whose keys are dotted paths of values
_APART = ("dram", "gpu")  # folders of hwconfigs whose files are no boards
_SAME_FOLDER = {("hardware", "gpu"), ("hardware", "dram")}


def available(folder: str, what: str = "") -> list[str]:
    """Return the names of all specifications of one kind (``hwconfigs`` or ``workloads``).

    Spaces stand among the models, told apart by their files' ending: they are listed for ``what`` space alone, without
    the ending.
    """
    found = set()
    for root in search_folders(folder):
        if os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises where a parent may not be entered
            found |= {p.relative_to(root).with_suffix("").as_posix() for p in root.rglob("*.yaml")}
    names = (name for name in found if name.endswith(SPACE_SUFFIX) == (what == "space"))
    return sorted(name.removesuffix(SPACE_SUFFIX) for name in names)


def find(
    folder: str, what: str, name: str, besides: str | None = None, groups: tuple[str, ...] = (), kind: str = ""
) -> Path:
    """Return the file of a name or a path (an argument with / or a file's ending is a path if it exists).

    ``besides`` names a file that is passed over: a user's ``zcu102.yaml`` may build on the package's. ``groups`` are
    folders, such as ``gpu``, whose names are told too where a name is unknown; ``kind`` leaves out others. A name that
    is not found as typed is found in lower case, with underscores: ``DeiT-S`` is ``deit_s``.
    """
    if is_path(name) and os.path.exists(name):  # noqa: PTH110 - Path.exists raises on names that are too long
        check_suffix(what, name)
        return Path(name)
    if is_file_alone(name):
        raise InputError(not_found(what, name, (), {}))
    note_missing_roots()
    ending = SPACE_SUFFIX if what == "space" and not name.endswith(SPACE_SUFFIX) else ""
    beside = [Path(besides).parent] if besides is not None else []  # a file's base stands beside it first
    for root in (*beside, *search_folders(folder)):
        candidate = str(root / f"{name}{ending}.yaml")
        is_itself = besides is not None and os.path.exists(candidate) and os.path.samefile(candidate, besides)  # noqa: PTH110, PTH121
        if name and os.path.isfile(candidate) and not is_itself:  # noqa: PTH113
            note_shadow(folder, name, Path(candidate), f"{name}{ending}.yaml", besides)
            return Path(candidate)
    alike = [known for known in available(folder, what) if _folded(known) == _folded(name) and known != name]
    if len(alike) == 1:
        return find(folder, what, alike[0], besides, groups, kind)
    note_useless_roots(folder)
    raise InputError(not_found(what, name, names_of(folder, what, groups, kind), _other_names(what)))


def _folded(name: str) -> str:
    """Return a name as it is compared where it is not found as typed.

    >>> _folded("DeiT-S"), _folded("ViT-B/16"), _folded("gpu/A100")
    ('deit_s', 'vit_b_16', 'gpu_a100')
    """
    return re.sub(r"[-_ ./]+", "_", name.strip().lower())


def names_of(folder: str, what: str, groups: tuple[str, ...] = (), kind: str = "") -> list[str]:
    """Return the names that serve as ``what``: boards have GPUs and DRAM channels in folders of their own beside them.

    Those are left out, but for GPUs where ``groups`` names their folder.
    """
    apart = {group for group in _APART if group != what} - set(groups)
    names = [name for name in available(folder, what) if name.partition("/")[0] not in apart or "/" not in name]
    return [name for name in names if not kind or _is_of_kind(folder, what, name, kind)]


def _is_of_kind(folder: str, what: str, name: str, kind: str) -> bool:
    try:
        return bool(_on_its_base(folder, what, _document(folder, what, name)).data.get("kind") == kind)
    except InputError:  # a user's file that is wrong itself
        return False


def _other_names(what: str) -> dict[str, list[str]]:
    """Return the names of the kinds that are not asked for."""
    spaces = [name.removesuffix(SPACE_SUFFIX) for name in available("workloads", "space")]
    names = {"hardware": available("hwconfigs"), "model": available("workloads"), "space": spaces}
    return {kind: known for kind, known in names.items() if kind != what and (kind, what) not in _SAME_FOLDER}


def load_document(
    folder: str, what: str, source: object, groups: tuple[str, ...] = (), kind: str = ""
) -> Document:  # fmt: skip
    """Return what a name, a path or a dict holds, on its base where it names one, not yet validated.

    ``groups`` and ``kind`` are those of ``find``. A file on a base that states no name has its own, and a description
    of its base says whose it is.
    """
    document = _document(folder, what, source, groups, kind)
    result = _on_its_base(folder, what, document)
    has_base = "base" in document.data or what == "space"
    if not has_base or not document.places:
        return result
    own: dict[str, object] = {} if "name" in document.data else {"name": Path(document.name).stem}
    if "base" in document.data and "description" not in document.data and "description" in result.data:
        own["description"] = f"on the base {Path(str(document.data['base'])).stem}: {result.data['description']}"
    return Document({**result.data, **own}, result.places, result.name)


def note_name(document: Document) -> None:
    """Note the name of a file on a base that states none."""
    own = {key for key in ("base", "name") if document.places.get((key,), "").rpartition(":")[0] == document.name}
    if own == {"base"}:
        note(f"{document.name}: states no name, so it is called {Path(document.name).stem}")


def _document(folder: str, what: str, source: object, groups: tuple[str, ...] = (), kind: str = "") -> Document:
    """Return what a name, a path or a dict holds itself."""
    if isinstance(source, Mapping):
        return Document(plain(source), {}, what)
    if what == "hardware" and is_settings(source):
        return read_settings(Path(str(source)))
    if not isinstance(source, (str, Path)):
        raise InputError(f"{what}: must be a name, a path or a dict {got(source)}")
    document = read_yaml(find(folder, what, str(source), groups=groups, kind=kind))
    check_content(what, document)
    return document


def _on_its_base(folder: str, what: str, document: Document) -> Document:
    """Return a document laid over its base, and that over its own."""
    stack = [document]
    while "base" in stack[-1].data:
        stack.append(_base_of(stack, folder, what))
    result = stack.pop()
    while stack:
        result = _laid_over(stack.pop(), result)
    return result


def plain(value: Any) -> Any:
    """Return numpy's scalars and arrays, anywhere in mappings and lists, as Python's numbers and lists."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.tolist() if hasattr(value, "tolist") else value  # asked so, numpy need not be loaded


def _base_of(stack: list[Document], folder: str, what: str) -> Document:
    """Return the file that the last document names as its base, or raise InputError for one that is there already."""
    document = stack[-1]
    name = document.data["base"]
    place = document.places.get(("base",), document.name)
    if not isinstance(name, str):
        raise InputError(f"{place}: base: must be a name {got(name)}")
    try:
        path = find(folder, what, name, document.name if document.places else None)
        base = read_yaml(path)
    except InputError as error:
        raise InputError(f"{place}: base: {error.problems[0]}") from None
    chain = [each for each in stack if each.places]
    if any(os.path.samefile(each.name, path) for each in chain):  # noqa: PTH121
        names = " -> ".join((*(each.name for each in chain), str(path)))
        raise InputError(f"{place}: base: a file cannot build on itself: {names}")
    return base


def _laid_over(document: Document, base: Document) -> Document:
    """Lay a document over its base: what it states holds, and what the base says of those values' sources does not."""
    own = {key: value for key, value in document.data.items() if key != "base"}
    changed = list(_paths(own))
    places = {**base.places, **dict.fromkeys(changed, document.name), **document.places}
    data = _merged(_as_base(base.data, str(document.data["base"])), own)
    for group in BOUNDS:
        inherited, stated_anew = base.data.get(group), own.get(group, {})
        if isinstance(inherited, Mapping) and isinstance(stated_anew, Mapping):  # an interval goes with its value
            data[group] = {**intervals_kept(inherited, (".".join(map(str, path)) for path in changed)), **stated_anew}
    sources = data.get("sources")
    if isinstance(sources, dict):  # what the base says of a value does not hold for another one
        stated = own.get("sources")
        for path in changed:
            dotted = ".".join(map(str, path))
            is_group = (
                len(path) == 1 and isinstance(base.data.get(str(path[0])), Mapping) and path[0] not in BESIDE_VALUES
            )
            if is_group:  # a word in its place: the group is none
                data["sources"] = sources = without_sources_below(sources, dotted)
            is_value = len(path) > 1 or is_group  # values stand in groups; what stands above them only names the file
            if not is_value:
                continue
            source = sources.get(dotted)
            if _value_at(base.data, path) != _value_at(own, path):
                sources.pop(dotted, None)  # values stand in the order in which they are changed
            if not (isinstance(stated, Mapping) and _is_stated(stated, dotted)):
                source = f"{SET_BY_USER} in {document.name}"
            if source is not None:
                sources[dotted] = source
    return Document(data, places, document.name)


def _value_at(data: Any, path: KeyPath) -> Any:
    """Return what stands at a key path of nested mappings, None where nothing does."""
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _as_base(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a base's mapping whose sources say that its values are inherited, once, from whichever file states them.

    A group without a source gets one for all its values.
    """
    sources = data.get("sources")
    if not isinstance(sources, Mapping):
        return data
    groups = {key: "" for key, value in data.items() if isinstance(value, Mapping) and key not in BESIDE_VALUES}
    marked = {path: text if is_inherited(text) else f"{INHERITED}{name}] {text}".rstrip()
              for path, text in {**groups, **sources}.items()}  # fmt: skip
    return {**data, "sources": marked}


def is_inherited(source: object) -> bool:
    """Tell whether a source says that the value is its base's."""
    return str(source).startswith(INHERITED)


def inherited_from(source: str) -> str:
    """Return the name of the base that a source says a value is of, '' where it says none.

    >>> inherited_from("[inherited from zcu102] [calibrated] once")
    'zcu102'
    """
    return source[len(INHERITED) :].partition("] ")[0].rstrip("]") if is_inherited(source) else ""


def stated_source(source: str) -> str:
    """Return a source without the mark that it is inherited.

    >>> stated_source("[inherited from zcu102] [calibrated] once"), stated_source("this file")
    ('[calibrated] once', 'this file')
    """
    return source.partition("] ")[2] if is_inherited(source) else source


def without_sources_below(sources: Mapping[str, Any], group: str) -> dict[str, Any]:
    """Return the sources but for those of a group's values."""
    return {path: source for path, source in sources.items() if not path.startswith(f"{group}.")}


def intervals_kept(intervals: Mapping[str, Any], changed: Iterable[str]) -> dict[str, Any]:
    """Return intervals by dotted path but for those of changed values and of what stands below changed groups.

    >>> intervals_kept({"host.full.call_us": [1, 2], "array.clock_mhz": [99, 101]}, ["host"])
    {'array.clock_mhz': [99, 101]}
    """
    starts = {f"{path}." for path in changed}
    return {path: pair for path, pair in intervals.items() if not any(f"{path}.".startswith(each) for each in starts)}


def _paths(data: Mapping[str, Any], prefix: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the key path of every single value."""
    for key, value in data.items():
        if isinstance(value, Mapping) and key not in BESIDE_VALUES:
            yield from _paths(value, (*prefix, key))
        else:
            yield (*prefix, key)


def _is_stated(sources: Mapping[str, Any], dotted: str) -> bool:
    """Tell whether a path, or a group above it, has a source."""
    return any(dotted == key or dotted.startswith(f"{key}.") for key in sources)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(under)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = _merged(result[key], value) if both else value
    return result
