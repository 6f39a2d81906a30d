"""Files of relevance judgements (qrels), as TREC and BEIR have them."""

from __future__ import annotations

import re
from typing import NoReturn

from fastw2v.evaluation.words import lines_of
from fastw2v.formats.atomic import StrPath

_GRADE = r"[+-]?[0-9]{1,18}(\.0*)?"  # a spreadsheet writes 1.0
_HEADER = r"(?i:(query|topic|q)[-_]?(id|num|number)?)"  # of the first column
_EXPECTED = "expected query, document and grade, or these in the format of TREC"


def read_judgements(path: StrPath) -> dict[str, dict[str, int]]:
    """Read relevance judgements.

    A line is query, document and grade; or, as in TREC, query, a column that is ignored, document and grade.
    Tabs separate where there are tabs, so that an id may hold spaces, and white space elsewhere. A line that
    starts with "#" is a comment; a first line of names, as BEIR has it, is a header.

    Args:
        path (path): the file; it may be compressed.

    Returns:
        dict: query → document → grade.

    Raises:
        ValueError: a line is something else, has another number of columns than those before it, or gives a
            document another grade than they do; or the file has no judgements.
        OSError: the file cannot be read.
    """
    found: dict[str, dict[str, int]] = {}
    columns = 0
    for number, line in lines_of(path):
        fields = _fields_of(line)
        if not fields or fields[0].startswith("#"):
            continue
        if not columns and re.fullmatch(_HEADER, fields[0]) and not re.fullmatch(_GRADE, fields[-1]):
            continue
        columns = columns or len(fields)
        if columns not in (3, 4) or columns != len(fields) or not re.fullmatch(_GRADE, fields[-1]):
            _refuse(path, number, line, fields, columns)
        query, document, grade = fields[0], fields[-2], int(fields[-1].partition(".")[0])
        given = found.setdefault(query, {}).setdefault(document, grade)
        if given != grade:
            raise ValueError(
                f"{path}, line {number}: query {query!r} has document {document!r} with grade {grade}, but "
                f"before with grade {given}: leave one of these lines"
            )
    if not found:
        raise ValueError(f"{path} has no judgements: {_EXPECTED}, one a line")
    return found


def _fields_of(line: str) -> list[str]:
    """Return the columns of a line: between tabs if these make columns, else between white space."""
    by_tab = [field.strip() for field in line.split("\t") if field.strip()]
    return by_tab if len(by_tab) > 2 else line.split()


def _are_numbers(fields: list[str]) -> bool:
    return all(re.fullmatch(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", field, re.IGNORECASE) for field in fields)


def _refuse(path: StrPath, number: int, line: str, fields: list[str], columns: int) -> NoReturn:
    """Raise the ValueError that says what a line is instead of a judgement."""
    found = f"found {line.strip():.60}"
    if len(fields) == 6 and _are_numbers(fields[3:5]):
        found += ": six columns are a run, the output of a search, not judgements"
    elif line.lstrip().startswith(("{", "[")):
        found += ": it looks like JSON; write a line for each judgement, its columns separated by tabs"
    elif len(fields) > 4:
        found += (
            f": {len(fields)} columns; leave query, document and grade, and separate by tabs ids with spaces"
        )
    elif len(fields) != columns:
        found += f": {len(fields)} columns, where the lines before have {columns}"
    elif len(fields) in (3, 4):
        found += f": the grade {fields[-1]!r} is not a whole number"
    elif "," in line:
        found += ": separate the columns by tabs or spaces, not by commas"
    raise ValueError(f"{path}, line {number}: {_EXPECTED}, {found}")
