"""The YAML reader: lines of keys, and none of YAML 1.1's surprises."""

import pytest

from pivotsim.errors import InputError
from pivotsim.io.yaml_reader import read_yaml


def read(tmp_path, text):
    path = tmp_path / "f.yaml"
    path.write_text(text)
    return read_yaml(path)


def test_values_and_places(tmp_path):
    document = read(tmp_path, "# c\na: 1\nb:\n  c: {d: 2.5, e: [x, 'yes']}\n  f: ~\n")
    assert document.data == {"a": 1, "b": {"c": {"d": 2.5, "e": ["x", "yes"]}, "f": None}}
    places = {".".join(map(str, path)): place.rpartition(":")[2] for path, place in document.places.items()}
    assert places == {
        "a": "2",
        "b": "3",
        "b.c": "4",
        "b.c.d": "4",
        "b.c.e": "4",
        "b.c.e.0": "4",
        "b.c.e.1": "4",
        "b.f": "5",
    }


def test_thirty_two_levels_are_enough(tmp_path):
    assert read(tmp_path, "a: " + "[" * 31 + "]" * 31 + "\n").data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001), ("1E3", 1000.0), (".5", 0.5), ("-2", -2), ("+7", 7), ("5.", 5.0),
        ("on", "on"), ("yes", "yes"), ("No", "No"), ("12:30", "12:30"), ("010", "010"), ("1_000", "1_000"),
        ("0x10", "0x10"), ("2001-01-01", "2001-01-01"), ("'5'", "5"), ("true", True), ("False", False), ("null", None),
    ],
)  # fmt: skip
def test_scalars(tmp_path, text, value):
    got = read(tmp_path, f"a: {text}\n").data["a"]
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3\n", ":3: a: duplicate key, first seen on line 1"),
        ("x:\n  a: 1\n  a: 2\n", ":3: x.a: duplicate key, first seen on line 2"),
        ("a: &x 1\nb: *x\n", ":1: anchors are not supported (got '&x')"),
        ("a: *x\n", ":1: aliases are not supported (got '*x'); write the value out"),
        ("a: !!python/object/apply:os.system [ls]\n", ":1: tags are not supported"),
        ("a: 1\n---\nb: 2\n", ":2: a second YAML document starts here; one file holds one"),
        ("- 1\n- 2\n", ":1: expected 'key: value' lines (got 1, 2)"),
        ("just text\n", ":1: expected 'key: value' lines (got 'just text')"),
        ("? [a, b]\n: 1\n", ":1: a key must be plain text"),
        ("a: [1, 2\nb: 3\n", ":2: is not valid YAML"),
        ("a: 1\nb\nc: 3\nd: 4\n", ":2: is not valid YAML"),  # the key without a colon, not where it is missed
        ("a: 1\nb", ":2: is not valid YAML"),  # the last line, not one behind it
        ("a: 1\nb: [4\n\n", ":2: is not valid YAML"),
        ("a:\n\t- 1\n", ":2: a tab; YAML indents with spaces"),
        ("a: " + "[" * 32 + "]" * 32 + "\n", ":1: nested deeper than 32 levels"),
        ("a: " + "[" * 40 + "]" * 40 + "\n", ":1: nested deeper than 32 levels"),
        ("a: " + "{b: " * 100_000 + "\n", "nested deeper than 32 levels"),
    ],
)
def test_what_is_refused(tmp_path, text, problem):
    if len(text) > 60_000:
        text = text.replace("{b: ", "{b:\n ")
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    assert problem in str(error.value)
    assert "\n" not in str(error.value)
