"""Find numbers typed into prose: decimals, percentages and ± outside of math, code, links and roles."""

import json
import re
from pathlib import Path

_FENCE = re.compile(r"^(?P<ticks>`{3,}|~{3,}).*?^(?P=ticks)[ \t]*$", re.MULTILINE | re.DOTALL)
_PAPERMAP = re.compile(r"^:::\{papermap\}$.*?^:::$", re.MULTILINE | re.DOTALL)
_ALLOWED = (
    re.compile(r"\$\$.*?\$\$", re.DOTALL),  # display math
    re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL),
    re.compile(r"\{[\w:]+\}`[^`]*`"),  # roles
    re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL),  # code
    re.compile(r"(?<!\\)\$(?=\S)[^$]+?(?<=\S)(?<!\\)\$(?!\d)"),  # inline math
    re.compile(r"\[[^\]]*\]\([^)]*\)"),  # links
    re.compile(r"<https?://[^>]*>"),
    re.compile(r"^:{3,}\{[^}]*\}.*$", re.MULTILINE),  # a directive's own line
    re.compile(r"^:[\w-]+:.*$", re.MULTILINE),  # its options
    re.compile(r"\(\w+-[\w-]+\)=?"),  # labels
)
_BARE = re.compile(r"[-−]?\d+[.,]\d+|\d+(?:\s|\u00a0|\u202f)?(?:%|per cent\b)|±|\d+e[-−+]?\d+")


def find_bare_numbers(markdown: str) -> list[str]:
    """Return the bare decimals, percentages and ± signs of a Markdown text, in their order."""
    text = _PAPERMAP.sub(" ", _FENCE.sub(" ", markdown))
    for pattern in _ALLOWED:
        text = pattern.sub(" ", text)
    return _BARE.findall(text)


def read_texts(top: Path) -> dict[str, str]:
    """Return every piece of the prose below `top` by its place: each page, and each Markdown cell of each notebook."""
    pieces = {path.relative_to(top).as_posix(): path.read_text(encoding="utf-8") for path in top.glob("book/**/*.md")}
    for path in sorted((top / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for number, cell in enumerate(cells, start=1):
            if cell["cell_type"] == "markdown":
                pieces[f"notebooks/{path.name} cell {number}"] = "".join(cell["source"])
    return pieces
