"""Tables as other programs take them: Markdown, CSV, and LaTeX with booktabs."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pivotsim.tables import cell

Form = Callable[[Sequence[str], Iterable[Sequence[Any]], Sequence[int]], str]

THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
WIDE_TEXT = 40  # characters; a wider column of text wraps in LaTeX
# what LaTeX reads as its own, and signs that its first fonts lack
LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{",
        "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$", "|": "$|$",
        '"': "''", "*": "$*$", "±": r"$\pm$", "\u00d7": r"$\times$", "≤": r"$\leq$", "≥": r"$\geq$", "²": "$^2$",
    }
)  # fmt: skip


def markdown(columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[int] = ()) -> str:
    r"""Return a table as Markdown.

    >>> print(markdown(("module", "ms"), [("a|b", 1.5)], right=(1,)))
    | module | ms |
    |---|---:|
    | a\|b | 1.5 |
    """
    sides = "|".join("---:" if place in right else "---" for place in range(len(columns)))
    texts = [[cell(value).replace("|", "\\|") for value in row] for row in (columns, *rows)]
    head, *body = ("| " + " | ".join(row) + " |" for row in texts)
    return "\n".join([head, f"|{sides}|", *body])


def comma_separated(columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[int] = ()) -> str:
    """Return a table as CSV, numbers to the right without separators of thousands.

    >>> print(comma_separated(("module", "clocks"), [("qkv, fused", "1,968"), ("softmax", "-")], right=(1,)))
    module,clocks
    "qkv, fused",1968
    softmax,-
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(
        [_plain(cell(value)) if place in right else cell(value) for place, value in enumerate(row)] for row in rows
    )
    return text.getvalue().rstrip("\n")


def _plain(text: str) -> str:
    return text.replace(",", "") if THOUSANDS.fullmatch(text) else text


def latex(columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[int] = ()) -> str:
    r"""Return a table as LaTeX, for the package booktabs; wide columns of text wrap.

    >>> print(latex(("module", "share"), [("q_k", "7.6 %")], right=(1,)))
    \begin{tabular}{lr}
    \toprule
    module & share \\
    \midrule
    q\_k & 7.6 \% \\
    \bottomrule
    \end{tabular}
    """
    texts = [[cell(value) for value in row] for row in rows]
    wide = [place for place in range(len(columns)) if max((len(row[place]) for row in texts), default=0) > WIDE_TEXT]
    paragraph = f"p{{{0.6 / max(len(wide), 1):.2f}\\linewidth}}"
    sides = "".join("r" if p in right else paragraph if p in wide else "l" for p in range(len(columns)))
    head, *body = (" & ".join(text.translate(LATEX) for text in row) + r" \\" for row in (columns, *texts))
    return "\n".join(
        [f"\\begin{{tabular}}{{{sides}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule", r"\end{tabular}"]
    )


FORMS: Mapping[str, Form] = {"markdown": markdown, "csv": comma_separated, "latex": latex}
