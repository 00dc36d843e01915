"""A sample of one-token mutants: cosmic-ray's operators at sites drawn by a seed.

Sites are ranked by a digest of the seed and of the site's own text, so that an edit elsewhere leaves the sample alone.
"""

import ast
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider

OPERATORS = OperatorProvider()
# they replace more than a token, need names to put in, or ask whether equal numbers are the same object
LEFT_OUT = {"RemoveDecorator", "ZeroIterationForLoop", "VariableReplacer", "VariableInserter"}
NAMES = [name for name in OPERATORS if name not in LEFT_OUT and name.count("_Is") != 1]
# what they look at: the rest of a tree is not shown to them, which takes most of the time
KINDS = {
    "operator",
    "keyword",
    "number",
    "comparison",
    "factor",
    "not_test",
    "except_clause",
    "assert_stmt",
    "if_stmt",
    "while_stmt",
    "test",
}


@dataclass(frozen=True)
class Mutant:
    """One token of a module changed; ``old`` and ``new`` are its line without and with the change."""

    path: str
    line: int
    old: str
    new: str
    code: str

    @property
    def name(self) -> tuple[str, str, str]:
        return self.path, self.old, self.new

    @property
    def package(self) -> str:
        return Path(self.path).parts[1]


@dataclass(frozen=True)
class Site:
    """A token of a module, and what may be done to it: operators, and which of their occurrences this is."""

    path: Path
    place: tuple[tuple[int, int], tuple[int, int], str]
    text: str
    choices: tuple[tuple[str, int], ...]

    def digest(self, seed: int) -> int:
        told = f"{seed} {self.path} {self.place[0][1]} {self.place[2]} {self.text}"
        return int.from_bytes(hashlib.sha256(told.encode()).digest()[:8], "big")


def sites_of(path: Path) -> Iterator[Site]:
    """Every token of a module that an operator changes.

    The unions of annotations are left alone; so are asserts and ``strict`` of zip, which guard against others' faults.
    """
    source = path.read_text(encoding="utf-8")
    nodes = [node for node in ast_nodes(get_ast(source)) if node.type in KINDS]
    lines, unions = source.splitlines(), _annotated_lines(source)
    choices = defaultdict(list)
    for name in NAMES:
        operator = OPERATORS[name]()
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(places):
            is_union = name.startswith("ReplaceBinaryOperator_BitOr") and start[0] in unions
            ahead = lines[start[0] - 1][: start[1]]
            is_guard = ahead.endswith("strict=") or ahead.lstrip().startswith("assert ")
            if not is_union and not is_guard:
                choices[start, end, name.split("_")[0]].append((name, occurrence))
    for place, found in choices.items():
        yield Site(path, place, lines[place[0][0] - 1].strip(), tuple(found))


def _annotated_lines(source: str) -> set[int]:
    spans = set()
    for node in ast.walk(ast.parse(source)):
        for noted in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if noted is not None:
                spans.update(range(noted.lineno, noted.end_lineno + 1))
    return spans


def mutant_of(site: Site, seed: int) -> Mutant | None:
    """One of a site's changes, drawn by the seed, or None if the changed module is no Python."""
    name, occurrence = site.choices[site.digest(seed) // 7 % len(site.choices)]
    source = site.path.read_text(encoding="utf-8")
    code = mutate_code(source, OPERATORS[name](), occurrence)
    try:
        compile(code, str(site.path), "exec")
    except (SyntaxError, SyntaxWarning):
        return None
    line = site.place[0][0]
    old, new = (" ".join(text.splitlines()[line - 1].split()) for text in (source, code))
    return Mutant(str(site.path), line, old, new, code)


def sample(paths: list[Path], seed: int, count: int, most_per_module: int) -> list[Mutant]:
    """Return ``count`` mutants of modules, at most ``most_per_module`` of each, the same for the same seed."""
    sites = sorted((site for path in paths for site in sites_of(path)), key=lambda site: site.digest(seed))
    taken: Counter[str] = Counter()

    def drawn() -> Iterator[Mutant]:
        for site in sites:
            mutant = mutant_of(site, seed) if taken[str(site.path)] < most_per_module else None
            if mutant is not None:
                taken[mutant.path] += 1
                yield mutant

    return list(islice(drawn(), count))
