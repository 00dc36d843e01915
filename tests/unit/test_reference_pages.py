"""Pages of the site that are made from the code: nothing that a user can name is left out."""

import importlib

import pivotsim as ps
from docs.generators.commands import commands_page, help_of
from docs.generators.files import CSV_FILES, YAML_FILES, files_page
from docs.generators.names import names_page, namespaces, public_names
from pivotsim.cli.entry import COMMANDS


def test_commands():
    page = commands_page()
    assert [name for name in COMMANDS if f"## {name}\n" not in page] == []
    assert "### show fit\n" in page and "### reproduce static\n" in page
    assert help_of("gemm") in page and "--fold-overlap" in page


def test_names():
    page = names_page()
    assert {"pivotsim", "pivotsim.effort", "pivotsim.dram"} <= set(namespaces())
    for namespace in namespaces():
        section = page.partition(f"## {namespace}\n")[2].partition("\n## ")[0]
        for name in public_names(importlib.import_module(namespace)):
            assert f"### {name}\n" in section or f"[{name}](#{name.lower()})" in section, (namespace, name)
    told = [line for line in page.splitlines() if line.startswith(".. auto")]
    assert len(told) == len(set(told)) > 60


def test_files():
    page = files_page()
    assert [heading for heading in (*YAML_FILES, *CSV_FILES) if f"### {heading}\n" not in page] == []
    memories = type(ps.load_hardware("zcu102").memories).model_fields
    assert [key for key in memories if f"| `{key}` |" not in page] == []
    assert "| `axi_ports` |  | integer 1..64 |  | AXI ports between DRAM and the global buffer. |" in page
    assert "| `depth` | encoders | integer 1..4096 |  | Number of encoders. |" in page
