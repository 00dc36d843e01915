"""Config files of transformers: what they may name, and how large a model they may ask for."""

from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; make test-torch runs these")
from torch import nn

import pivotsim as ps
from pivotsim.importers import named

PATH = Path("config.json")


class PreTrained(nn.Module):
    """What all models of the library descend from."""


class BertModel(PreTrained):
    pass


LIBRARY = SimpleNamespace(PreTrainedModel=PreTrained, BertModel=BertModel, pipeline=print, Path=Path)


@pytest.mark.parametrize("name", ["pipeline", "Path", "BertMode", "../x", "__class__", ""])
def test_architectures_name_models_alone(name: str) -> None:
    with pytest.raises(ps.InputError, match=r"config\.json: architectures: transformers has no such model"):
        named._class_of(PATH, {"architectures": [name]}, LIBRARY)
    assert named._class_of(PATH, {"architectures": ["BertModel"]}, LIBRARY) is BertModel


def test_code_of_the_author_is_refused_where_its_model_is_asked_for() -> None:
    for architectures in ([], ["Own"]):
        with pytest.raises(ps.InputError, match="auto_map names code of the file's author, which is not run"):
            named._class_of(PATH, {"architectures": architectures, "auto_map": {"AutoModel": "m.Own"}}, LIBRARY)
    with pytest.raises(ps.InputError, match="must be a list of names"):
        named._class_of(PATH, {"architectures": "BertModel"}, LIBRARY)


@pytest.mark.parametrize("content", [{"num_hidden_layers": 10**6}, {"vision_config": {"depths": [2, 10**9]}}])
def test_layers_are_bounded(content: dict) -> None:
    with pytest.raises(ps.InputError, match=r"config\.json: (num_hidden_layers|depths): must be at most 10,000"):
        named._check_counts(PATH, content)
    named._check_counts(PATH, {"num_hidden_layers": named.MAX_LAYERS, "vocab_size": 10**6, "depths": [2, 2]})


def test_modules_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "MAX_MODULES", 20)
    with named._bounded():
        nn.Sequential(*(nn.Identity() for _ in range(20)))
    with named._bounded(), pytest.raises(ps.InputError, match="more than 20 modules"):
        nn.Sequential(*(nn.Identity() for _ in range(21)))
    nn.Sequential(*(nn.Identity() for _ in range(21)))
