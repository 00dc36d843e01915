"""The Python of pages that needs torch runs as it is written."""

import re
from pathlib import Path

import pytest

from tests.torch.small import REASON

pytest.importorskip("torch", reason=REASON)

DOCS = Path(__file__).parents[2] / "docs"
BLOCKS = {
    path.name: found
    for path in sorted(DOCS.rglob("*.md"))
    if (found := re.findall(r"```python\n(import torch.*?)```", path.read_text(encoding="utf-8"), re.S))
}


@pytest.mark.parametrize("page", BLOCKS)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in BLOCKS[page]:
        exec(compile(block, page, "exec"), {})


def test_there_are_pages():
    assert "importing.md" in BLOCKS
