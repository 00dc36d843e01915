"""JSON schemas: every YAML file that ships meets its own, and what the reader refuses an editor marks."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from pivotsim.cli.catalogue.schemas import SCHEMAS

ROOT = Path(__file__).parents[2]
APART = ("gpu", "dram")
FILES = {
    "hardware": [p for p in (ROOT / "hwconfigs").rglob("*.yaml") if p.parent.name not in APART],
    "gpu": list((ROOT / "hwconfigs" / "gpu").glob("*.yaml")),
    "dram": list((ROOT / "hwconfigs" / "dram").glob("*.yaml")),
    "model": [p for p in (ROOT / "workloads").glob("*.yaml") if not p.stem.endswith("_space")],
    "space": list((ROOT / "workloads").glob("*_space.yaml")),
}


class Loader(yaml.SafeLoader):
    """Reads numbers such as 12.8e9, as YAML 1.2 does."""


Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    __import__("re").compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


@pytest.fixture(scope="module", params=SCHEMAS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def checker(kind):
    schema = SCHEMAS[kind]()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def problems(checker, data):
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in checker.iter_errors(data)]


def test_every_file_that_ships_meets_its_schema(kind, checker):
    assert FILES[kind]
    for path in FILES[kind]:
        assert problems(checker, yaml.load(path.read_text(), Loader)) == [], path


def test_what_is_wrong_is_marked(kind, checker):
    path = next(p for p in FILES[kind] if "base" not in yaml.safe_load(p.read_text()))
    data = yaml.load(path.read_text(), Loader)
    assert "Additional properties" in problems(checker, {**data, "nonsense": 1})[0]
    first = next(name for name in ("axes", "timing", "sm", "depth", "name") if name in data)
    assert problems(checker, {key: value for key, value in data.items() if key != first})
    assert problems(checker, {"base": "another", "name": "mine"}) == []
    assert problems(checker, {"base": "another", "nonsense": 1})


def test_values_carry_their_units_and_meaning(pivotsim):
    ran = pivotsim("schema", "hardware")
    assert (ran.code, ran.err) == (0, "")
    schema = json.loads(ran.out)
    found = next(d for name, d in schema["$defs"].items() if "clock_mhz" in d.get("properties", {}))
    assert found["properties"]["clock_mhz"]["description"].endswith("[MHz]")
    assert pivotsim("schema", "board").code == 2


def test_a_kind_of_hardware_has_its_own_keys():
    checker = jsonschema.Draft202012Validator(SCHEMAS["hardware"]())
    serial = yaml.load((ROOT / "hwconfigs/truth/heatvit_kc705.yaml").read_text(), Loader)
    assert problems(checker, serial) == []
    assert problems(checker, {**serial, "kind": "systolic"}) and problems(checker, {"base": "x", "array": {"rows": -1}})
