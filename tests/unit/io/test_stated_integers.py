"""Floats that state an integer are integers where a specification takes no floats, and nowhere else."""

import random
import typing

import pytest

import pivotsim as ps
from pivotsim.io.specs import Spec, _with_integers, spec_in
from pivotsim.io.yaml_reader import exact_integer

VALUES = (12.8e9, 64.0, 1.5, 1e23, -3.0, float("inf"), True, 7, "unlimited", "none", None, [1.0], {}, {"rows": 4.0})


def field_by_field(spec, data):
    """Look at each key of the document, rather than at what a specification takes."""
    if not isinstance(data, dict):
        return data
    result = dict(data)
    for key, value in data.items():
        if key in spec.model_fields:
            annotation = spec.model_fields[key].annotation
            allowed = typing.get_args(annotation) or (annotation,)
            if spec_in(annotation) is not None:
                result[key] = field_by_field(spec_in(annotation), value)
            elif int in allowed and float not in allowed and exact_integer(value) is not None:
                result[key] = int(value)
    return result


def drawn(draw, value):
    """Return a document with some keys left out, some unknown ones, and other values."""
    if isinstance(value, dict):
        extra = {draw.choice(["x", 3, None]): 1.0} if draw.random() < 0.1 else {}
        return {key: drawn(draw, each) for key, each in value.items() if draw.random() < 0.98} | extra
    return draw.choice(VALUES) if draw.random() < 0.5 else value


@pytest.mark.parametrize("name", ["zcu102", "u250_mpca", "truth/heatvit_kc705", "deit_s"])
def test_documents_equal_those_looked_at_field_by_field(name):
    draw, spec = random.Random(name), ps.load_model(name) if name == "deit_s" else ps.load_hardware(name)
    changed = 0
    for _ in range(50):
        document = drawn(draw, spec.model_dump())
        found, expected = _with_integers(type(spec), document), field_by_field(type(spec), document)
        assert repr(found) == repr(expected)  # which tells 64 from 64.0, and keeps the order of keys
        changed += repr(found) != repr(document)
    assert changed > 20


def test_a_float_stays_one_where_both_are_taken():
    class Sizes(Spec):
        count: int | str
        either: int | float

    found = _with_integers(Sizes, {"count": 64.0, "either": 64.0})
    assert repr(found) == "{'count': 64, 'either': 64.0}"
