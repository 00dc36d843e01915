"""Files of torch.export: the same operations as in memory, and nothing in them is ever run."""

import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; make test-torch runs these")
from torch import nn

import pivotsim as ps
from pivotsim.importers.sources import import_model, import_torch
from tests.fuzz.driver import cases
from tests.fuzz.kind import Kind, outcome
from tests.fuzz.mutation import mutated

CASES = 300


class Varied(nn.Module):
    """Graphs inside the graph, several results of one operator, constants, masks, a convolution and a batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.stem = nn.Linear(6, 6), nn.Conv2d(2, 6, 3, groups=2)
        self.norm, self.attention = nn.BatchNorm2d(6), nn.MultiheadAttention(6, 2, batch_first=True)
        self.register_buffer("shift", torch.zeros(6))
        self.choose = torch.ones(4, 4, dtype=torch.bool)

    def forward(self, image):
        x = self.norm(self.stem(image)).flatten(2).transpose(1, 2)
        with torch.no_grad():
            y = self.line(x) * torch.tensor(2.0)
        with torch.autocast("cpu"):
            y = self.line(y) + self.shift
        q, k = torch.split(y.float(), 3, dim=-1)
        scores = torch.einsum("bij,bkj->bik", q, k).softmax(-1) @ x
        for mask in (self.choose, self.shift.new_zeros(4, 4), None):
            scores = scores + nn.functional.scaled_dot_product_attention(x, x, x, attn_mask=mask)
        return torch.topk(scores, 2).values, torch.cat([q, k], -1), self.attention(x, x, x)[0], x.shape[0]


def program():
    return torch.export.export(Varied().eval(), (torch.zeros(1, 2, 4, 4),), strict=False)


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "model.pt2"
    torch.export.save(program(), path)
    return path


def rewritten(source: Path, target: Path, change) -> Path:
    """Copy an archive with its parts changed."""
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w") as after:
        for name in before.namelist():
            after.writestr(name, change(name, before.read(name)))
    return target


def test_a_file_holds_what_memory_holds(archive: Path) -> None:
    wanted, found = import_torch(program(), ()), import_model(archive)
    assert found.trace.ops == wanted.trace.ops
    assert sum(op.kind == "gemm" for op in found.trace) == 15
    assert (found.free, found.folded, found.unread, found.added) == (
        wanted.free,
        wanted.folded,
        wanted.unread,
        wanted.added,
    )


def test_a_weight_of_two_names_is_one(tmp_path: Path) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.out, self.unused = nn.Embedding(10, 6), nn.Linear(6, 10), nn.Linear(6, 10)
            self.out.weight = self.table.weight

        def forward(self, words):
            return self.out(self.table(words))

    made = torch.export.export(Tied().eval(), (torch.zeros(1, 4, dtype=torch.long),), strict=False)
    torch.export.save(made, tmp_path / "tied.pt2")
    assert import_torch(made, ()).unread == import_model(tmp_path / "tied.pt2").unread == ("unused.weight",)


class Makes:
    """What a pickle runs when it is read: it leaves a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_nothing_in_a_file_is_run(archive: Path, tmp_path: Path) -> None:
    trace, sign = ps.read_model(archive), tmp_path / "sign"
    stored = io.BytesIO()
    torch.save(Makes(sign), stored)

    def with_pickles(name: str, content: bytes) -> bytes:
        return (
            content if "/models/" in name else stored.getvalue() if name.endswith(".pt") else pickle.dumps(Makes(sign))
        )

    def with_code(name: str, content: bytes) -> bytes:
        return content.replace(b'"image"', json.dumps(f"image=__import__('os').mkdir({str(sign)!r})").encode())

    for change in (with_pickles, with_code):
        assert ps.read_model(rewritten(archive, tmp_path / "model.pt2", change)).ops == trace.ops
        assert not sign.exists()
    pickle.loads(pickle.dumps(Makes(sign)))  # it would have
    assert sign.exists()


def test_a_size_that_is_code_is_refused(archive: Path, tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    size = json.dumps({"as_expr": {"expr_str": f"__import__('os').mkdir({str(sign)!r})", "hint": None}}).encode()

    def with_code(name: str, content: bytes) -> bytes:
        return content.replace(b'"sizes": [{"as_int": 1}', b'"sizes": [' + size).replace(
            b'"sizes":[{"as_int":1}', b'"sizes":[' + size
        )

    path = rewritten(archive, tmp_path / "model.pt2", with_code)
    with pytest.raises(ps.InputError, match="depends on the input; export with fixed sizes"):
        ps.read_model(path)
    assert not sign.exists()


def test_sizes_left_open_are_refused(tmp_path: Path) -> None:
    shapes = ({0: torch.export.Dim("batch", min=2)},)
    torch.export.save(
        torch.export.export(nn.Linear(6, 2), (torch.zeros(4, 6),), dynamic_shapes=shapes), tmp_path / "m.pt2"
    )
    with pytest.raises(ps.InputError, match=r"m\.pt2: .*depends on the input; export with fixed sizes"):
        ps.read_model(tmp_path / "m.pt2")


def test_damaged_programs_are_told_in_one_line(archive: Path, tmp_path: Path) -> None:
    """Archives of which bytes of the program, or a value in it, were changed."""
    with zipfile.ZipFile(archive) as whole:
        name = next(n for n in whole.namelist() if n.endswith("models/model.json"))
        text = whole.read(name)

    def drawn(rng) -> bytes:
        if rng.random() < 0.3:
            return mutated(rng, text)
        content = json.loads(text)
        place, key = content["graph_module"], "graph"
        for _ in range(rng.randint(1, 8)):  # down to a random value
            if not isinstance(place[key], (dict, list)) or not place[key]:
                break
            place = place[key]
            key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
        place[key] = rng.choice([None, -1, 0, 2**70, "x", "", [], {}, {"as_int": 3}, {"name": "image"}, True, 1.5])
        return json.dumps(content).encode()

    def read(content: bytes, folder) -> object:
        path = folder / "model.pt2"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("model/models/model.json", content)
        return outcome(lambda: ps.read_model(path))

    assert [fault for fault in cases(Kind("program", drawn, read), range(CASES)) if fault] == []
