"""YAML from a file, with what makes it treacherous refused: names given twice, references, numbers that look otherwise."""

import re
from typing import Any

import yaml

from cl_core.parsing import decode_text

_DEEPEST = 50
_LONGEST = 1_000_000
_PLAIN_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(content: bytes | str) -> Any:
    """Return the one value that YAML text holds, of plain types; None where it is empty.

    Raises ValueError in one line, with the place, for what is no YAML, a name given twice, anchors and references, nesting
    deeper than 50, more than a million letters, and integers that YAML 1.1 reads in base 8 or 60.
    """
    text = decode_text(content) if isinstance(content, bytes) else content
    if len(text) > _LONGEST:
        raise ValueError(f"it has {len(text):,} letters, and at most {_LONGEST:,} are read here")
    try:
        # Looked through before anything is built: nesting may overflow the C parser's stack, references the memory.
        _require_plain(text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _require_distinct_names(node)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise ValueError(f"{_name_place(error.problem_mark or error.context_mark)}{problem}") from None
    except yaml.YAMLError as error:
        raise ValueError(str(error).splitlines()[0]) from None


def _require_plain(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ValueError(f"{_name_place(event.start_mark)}references (& and *) are not read here")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise ValueError(f"{_name_place(event.start_mark)}it is nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _require_distinct_names(node: Any) -> None:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _require_distinct_names(item)
    elif isinstance(node, yaml.MappingNode):
        names = set()
        for key, item in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in names:
                raise ValueError(f"{_name_place(key.start_mark)}{key.value} is given twice")
            names.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
            _require_distinct_names(key)
            _require_distinct_names(item)
    elif node.tag == "tag:yaml.org,2002:int" and not _PLAIN_INTEGER.fullmatch(node.value):
        place = _name_place(node.start_mark)
        raise ValueError(
            f"{place}{node.value[:40]} is an integer of another base in YAML; write it in base 10 or in quotes"
        )


def _name_place(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
