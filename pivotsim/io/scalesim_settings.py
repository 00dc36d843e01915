"""Settings of SCALE-Sim 3.0.0 (``.cfg``, INI) as a hardware file's document: a board on a base, without a processor.

Array, dataflow, memories and bandwidth have counterparts. SCALE-Sim's memories are double buffers without a global
buffer behind them, a word is a byte, and its bandwidth is that of an interface in words a clock; here inputs and
weights share one port of it [assumed].
"""

import configparser
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pivotsim.errors import InputError
from pivotsim.io.search_path import note
from pivotsim.io.text_files import read_text
from pivotsim.io.yaml_reader import MAX_BYTES, Document, KeyPath, parse_scalar

SUFFIXES = (".cfg", ".ini")
BASE = "zcu102"
SECTION = "architecture_presets"
BYTES_PER_KB = 1024
_ARRAY = {"arrayheight": "rows", "arraywidth": "cols", "dataflow": "dataflow"}
_MEMORIES = {"ifmapsramszkb": "ipmem", "filtersramszkb": "wtmem", "ofmapsramszkb": "opmem"}
_NAMES = ("ArrayHeight", "ArrayWidth", "Dataflow", "IfmapSramSzkB", "FilterSramSzkB", "OfmapSramSzkB", "Bandwidth")
_READ_ELSEWHERE = ("run_name", "interfacebandwidth")
_KEY = re.compile(r"\s*([^:=#;\[\]]*[^:=#;\[\]\s])\s*[:=]")
ENDS = ("default", "low", "high")  # of an energy constant
NO_PROCESSOR_W = {"ps_idle_w": 0, "ps_active_w": 0}
_ASSUMED = {  # what no setting states, and SCALE-Sim has
    "host": "[assumed] SCALE-Sim knows no processor",
    **{f"memories.{memory}_buffers": "[assumed] SCALE-Sim's are double" for memory in _MEMORIES.values()},
    **{f"memories.{name}_share_bytes": "[assumed] SCALE-Sim has no global buffer" for name in ("input", "weight")},
    **{f"power.activity.{end}.{key}": "no processor" for end in ENDS for key in NO_PROCESSOR_W},
    "memories.axi_ports": "[assumed] inputs and weights share SCALE-Sim's bandwidth",
    "memories.dram": "[assumed] the bandwidth stated is the limit",
    "memories.dram_bytes_per_s": "[assumed] the bandwidth stated is the limit",
}
NO_GLOBAL_BUFFER = {"input_share_bytes": 0, "weight_share_bytes": 0}


def is_settings(source: object) -> bool:
    """Whether a source of hardware is a settings file that is there."""
    return isinstance(source, (str, Path)) and str(source).lower().endswith(SUFFIXES) and os.path.isfile(source)  # noqa: PTH113 - Path.is_file raises on names that are too long


def read_settings(path: Path) -> Document:
    """Return a settings file as a document with a ``base``, and note what it does not state or has no counterpart.

    Raises
    ------
    InputError
        It is no INI file, has no section of the architecture, or a key of the array is missing.
    """
    text = read_text(path, MAX_BYTES)
    settings = _parsed(path, text)
    lines = _lines(text)
    values = settings.get(SECTION, {})
    missing = [name for name in _NAMES[:3] if name.lower() not in values]
    if missing:
        reason = f"{', '.join(missing)} of [{SECTION}] {'is' if len(missing) == 1 else 'are'} missing"
        raise InputError(
            f"{path}: is no settings file of SCALE-Sim: {reason}; other hardware is read from .yaml or .yml"
        )
    array = {field: _scalar(values[key]) for key, field in _ARRAY.items()}
    array["dataflow"] = values["dataflow"].strip().lower()
    memories, places = _memories(values, settings.get("run_presets", {}), path, lines)
    places |= {("array", field): f"{path}:{lines[key]}" for key, field in _ARRAY.items()}
    read = {*(name.lower() for name in _NAMES), *_READ_ELSEWHERE}
    unread = [lines.spelling.get(key, key) for section in settings.values() for key in section if key not in read]
    about = f"settings of SCALE-Sim; the rest is of {BASE}, without its processor"
    about += f"; not read: {', '.join(unread)}" if unread else ""
    note(f"{path}: {about}")
    stated = {"host", *memories, *NO_PROCESSOR_W}
    data: dict[str, Any] = {
        "base": BASE, "kind": "systolic", "name": _name(settings) or path.stem, "description": about,
        "array": array, "host": "none", "power": {"activity": dict.fromkeys(ENDS, NO_PROCESSOR_W)},
        "sources": {path: text for path, text in _ASSUMED.items() if path.rpartition(".")[2] in stated},
    }  # fmt: skip
    return Document(data | ({"memories": memories} if memories else {}), places, str(path))


def _name(settings: Mapping[str, Mapping[str, str]]) -> str:
    return settings.get("general", {}).get("run_name", "").strip(" \"'")


class _Lines(dict[str, int]):
    """Key -> its first line; ``spelling`` has it as it is written."""

    spelling: dict[str, str]


def _lines(text: str) -> _Lines:
    found = _Lines()
    found.spelling = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _KEY.match(line)
        if match:
            found.setdefault(match[1].lower(), number)
            found.spelling.setdefault(match[1].lower(), match[1])
    return found


def _parsed(path: Path, text: str) -> dict[str, Mapping[str, str]]:
    """Return section -> key in lower case -> value."""
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=("#", ";"))
    try:
        parser.read_string(text)
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or next((n for n, _ in getattr(error, "errors", ())), None)
        place = f"{path}:{line}" if line else str(path)
        raise InputError(f"{place}: is not valid INI: {_reason(error)}") from None
    return {section.lower(): dict(parser[section]) for section in parser.sections()}


def _reason(error: configparser.Error) -> str:
    if isinstance(error, (configparser.DuplicateOptionError, configparser.DuplicateSectionError)):
        return f"{getattr(error, 'option', error.section)} stands twice"
    if isinstance(error, configparser.MissingSectionHeaderError):
        return "no section before the first key"
    return "a line without a value"


def _scalar(text: str) -> object:
    return parse_scalar(text.strip())


def _memories(
    values: Mapping[str, str], presets: Mapping[str, str], path: Path, lines: Mapping[str, int]
) -> tuple[dict[str, object], dict[KeyPath, str]]:
    """Return what the settings state of memories, and the places of it."""
    found: dict[str, object] = {}
    places: dict[KeyPath, str] = {}
    for key, memory in _MEMORIES.items():
        if key in values:
            size = _scalar(values[key])
            found[f"{memory}_bytes"] = size * BYTES_PER_KB if isinstance(size, int) else size
            found[f"{memory}_buffers"] = "ping_pong"
            found |= NO_GLOBAL_BUFFER
            places["memories", f"{memory}_bytes"] = f"{path}:{lines[key]}"
    if "bandwidth" in values and presets.get("interfacebandwidth", "USER").strip().upper() != "CALC":
        rates = [_scalar(rate) for rate in values["bandwidth"].split(",")]
        least = min(rates, key=lambda rate: rate if isinstance(rate, int) else -1)
        found |= {
            "axi_ports": 1,
            "axi_port_bytes_per_clock": least,
            "dram": "bandwidth",
            "dram_bytes_per_s": "unlimited",
        }
        places["memories", "axi_port_bytes_per_clock"] = f"{path}:{lines['bandwidth']}"
    return found, places
