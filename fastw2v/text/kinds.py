"""What a file is that was given as plain text: refused with what to do if it is certainly something else.

A text is told by its first bytes, and never by its name alone: what merely looks a little like another format
is read as text. A table of comma-separated values is plain text too, so there both must say so.
"""

from __future__ import annotations

import codecs
import json
import os
import re
from typing import Any

from fastw2v import magic

HEAD_BYTES = 1 << 16
"""How much of a file is looked at."""

BOM = codecs.BOM_UTF8

LINES_LOOKED_AT = 5
ROWS_LOOKED_AT = 20
LEAST_NULS = 16
BYTES_PER_NUL = 8
"""A file with so many zero bytes, one in so many, is no text; a zero byte now and then is part of a word."""

_TABLE = "read it with pandas or pyarrow and give the column that holds lists of words"
_OFFICE = "save it as plain text first, one sentence per line"

# What to do with a file of another kind, by its name or its group.
_ADVICE = {
    "model": "if it is a saved model, load it with Word2Vec.load() or KeyedVectors.load()",
    "safetensors": "if it is a saved model, load it with Word2Vec.load() or KeyedVectors.load()",
    "packed": "unpack it",
    "archive": "unpack it",
    "zip": f"as .xlsx and .docx files are too: unpack it, or {_OFFICE}",
    "arrays": "read it, and give lists of words",
    "npy": "read it with numpy.load(), and give lists of words",
    "table": _TABLE,
    "hdf5": _TABLE,
    "document": _OFFICE,
    "lfs": "fetch the file with git lfs pull",
    "markup": "extract its text first, one sentence per line",
}
_FRACTION = rb"-?\d+\.\d+(e[+-]?\d+)?"
_COUNTS = rb"\d{1,12} \d{1,6}\s*"
_JSON_BEGINS = r'\s*(\{\s*"|\[\s*[\[{"])'
_DELIMITERS = {".csv": ",;\t|", ".tsv": "\t"}


def check_plain_text(head: bytes, name: Any, *, whole: bool = False) -> None:
    """Raise ValueError, with the file's name and what to do, if its first bytes are those of no plain text.

    Args:
        head (bytes): how the file begins.
        name (path or object): the file.
        whole (bool): whether that is all of it.
    """
    whole = whole and len(head) < HEAD_BYTES
    head = head[:HEAD_BYTES]
    reason = _vectors(head) or _other(head, name)
    if reason is None:
        text = head.removeprefix(BOM).decode("utf8", "replace")
        suffix = _suffix(name)
        reason = _json(text, suffix, whole) or _table(text, suffix, whole)
    if reason is not None:
        raise ValueError(f"{name} is no plain text: {reason}")


def _suffix(name: Any) -> str:
    """Return the last part of a file's name, in lower case, without that of compression."""
    stem, suffix = os.path.splitext(str(name).lower())
    return os.path.splitext(stem)[1] if suffix in magic.SUFFIXES.values() else suffix


def _other(head: bytes, name: Any) -> str | None:
    """Return what to do with a file of another kind, or one that is not made of characters."""
    kind = magic.kind_of(head.removeprefix(BOM)[: magic.HEAD])
    if kind is not None and kind.name != "json":  # which a line of text may look like
        return _do_with(kind, name)
    if head.count(0) < max(LEAST_NULS, len(head) // BYTES_PER_NUL):
        return None
    return "it holds many zero bytes, as binary files do; give a text in UTF-8, one sentence per line"


def _do_with(kind: magic.Kind, name: Any) -> str:
    if kind.group == "wide":
        return f"it is not UTF-8 but {kind.what}: convert it, as in iconv -f {kind.what} -t UTF-8"
    if kind.group != "compressed":
        return f"it is {kind.told(_ADVICE)}"
    if str(name).lower().endswith(tuple(magic.SUFFIXES.values())):
        return "it is compressed twice: unpack it"
    suffix = magic.SUFFIXES[kind.name]
    return f"it is compressed: give its name the suffix {suffix}, by which compression is known"


def _vectors(head: bytes) -> str | None:
    """Return what to do with vectors in word2vec's formats: counts, then a word and its numbers."""
    first, _, rest = head.partition(b"\n")
    if not re.fullmatch(_COUNTS, first):
        return None
    if b"\0" in rest:
        return "it holds word vectors: load it with KeyedVectors.load_word2vec_format(path, binary=True)"
    values = rest.partition(b"\n")[0].split()[1:]
    # A text of numbers, such as walks on a graph, may have lines of such lengths, but not of fractions.
    if len(values) == int(first.split()[1]) and any(re.fullmatch(_FRACTION, value) for value in values):
        return "it holds word vectors: load it with KeyedVectors.load_word2vec_format()"
    return None


def _json(text: str, suffix: str, whole: bool) -> str | None:
    """Return what to do with JSON, of which each line is a value, or which is one as a whole."""
    if not re.match(_JSON_BEGINS, text):
        return None
    advice = (
        "read it with json.loads and give lists of words, as in [json.loads(line)[field] for line in file]"
    )
    lines = [line for line in _lines(text, whole) if line.strip()][:LINES_LOOKED_AT]
    if lines and all(map(_is_value, lines)):
        return f"its lines are JSON: {advice}"
    if (whole and _is_value(text)) or suffix in (".json", ".jsonl", ".ndjson", ".ipynb"):
        return f"it is JSON: {advice}"
    return None


def _is_value(text: str) -> bool:
    """Return whether this is JSON of an object with fields, or of a list of anything but numbers."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict | list | str) for item in value)
    return isinstance(value, dict) and bool(value)


def _table(text: str, suffix: str, whole: bool) -> str | None:
    """Return what to do with a file of delimited values: named so, and each row of as many."""
    import csv  # imported here, because most programs have no table

    lines = _lines(text, whole)
    for delimiter in _DELIMITERS.get(suffix, ""):
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        rows = rows[
            : ROWS_LOOKED_AT if whole else min(ROWS_LOOKED_AT, max(1, len(rows) - 1))
        ]  # one may be cut
        if len(rows) > 1 and {len(row) for row in rows} == {max(2, len(rows[0]))}:
            return (
                f"it is a table of {len(rows[0])} columns, delimited by {delimiter!r}: {_TABLE}, or write "
                "the texts alone to a file, one sentence per line"
            )
    return None


def _lines(text: str, whole: bool) -> list[str]:
    """Return the lines of a text, without the last if that is cut."""
    lines = text.split("\n")
    return lines if whole else lines[:-1]
