"""Links that leave the repository: each is well-formed, by https, and stands in the list; `make links` asks the web."""

import re
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[3]
LISTED = (ROOT / "docs" / "data" / "external_links.txt").read_text(encoding="utf-8").splitlines()
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "CITATION.cff",
         *(page for page in (ROOT / "docs").rglob("*.md") if "reference" not in page.parts),
         *(ROOT / "notebooks").glob("*.ipynb")]  # fmt: skip


def links_in(text):
    return {link.rstrip(".,;:") for link in re.findall(r"https?://[^][\s)>`\"'<\\]+", text)}


def test_the_list_has_every_link_once():
    found = set().union(*(links_in(path.read_text(encoding="utf-8")) for path in TEXTS))
    assert sorted(found) == LISTED and len(TEXTS) > 40


def test_each_link_is_whole_and_by_https():
    for link in LISTED:
        parts = urlsplit(link)
        assert parts.scheme == "https" and re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), link
        assert not parts.query and "//" not in parts.path, link


def test_links_end_where_the_text_goes_on():
    assert links_in("see <https://a.org/b>, [c](https://d.org/e) or `http://f.org`; https://g.org/h.") == {
        "https://a.org/b", "https://d.org/e", "http://f.org", "https://g.org/h",
    }  # fmt: skip
