"""How Sphinx builds the site: `make docs`, or `sphinx-build -W -c docs . site/html` at the root of the repository.

The source is the repository itself, so that pages, notebooks, the changelog and the rules beside their oracle are each
read where they lie, and every link is the one that a reader of the repository follows.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from generators.commands import commands_page
from generators.files import files_page
from generators.names import names_page

import pivotsim

project = "pivotsim"
author = "The pivotsim developers"
version = release = pivotsim.__version__
root_doc = "docs/index"
extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc", "sphinx_copybutton"]
include_patterns = ["docs/**", "notebooks/*.ipynb", "CHANGELOG.md", "tests/oracles/memory/rules.md"]
exclude_patterns = [".*", "site", "docs/generators", "**/__pycache__", "notebooks/.ipynb_checkpoints"]

nb_execution_mode = "off"  # pages show the outputs that are stored, which a test compares with a fresh run's
nb_merge_streams = True
myst_heading_anchors = 4
numpydoc_show_class_members = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's sections say types and shapes

# make links: a redirect of a DOI is what it is for, and the publisher's own pages refuse programs
linkcheck_ignore = [r"https://doi\.org/10\.1145/"]
linkcheck_timeout, linkcheck_retries = 30, 2

html_theme = "furo"
html_title = f"pivotsim {release}"
html_static_path = ["assets"]
html_css_files = ["site.css"]
html_extra_path = ["assets/index.html"]
html_show_sphinx = html_show_copyright = False
html_show_sourcelink = False

PAGES = {"commands": commands_page, "files": files_page, "names": names_page}  # of docs/reference


def write_reference(app: Any) -> None:
    """Write the pages that are made from the code; what they say cannot differ from it."""
    folder = Path(__file__).parent / "reference"
    folder.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        path, text = folder / f"{name}.md", page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Any) -> None:
    """Write what is generated before Sphinx looks for pages."""
    app.connect("builder-inited", write_reference)
