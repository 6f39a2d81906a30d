"""What a file is that was given as plain text: refused with what to do if it is certainly something else.

A text is told by its first bytes, and never by its name alone: what merely looks a little like another format
is read as text. A table of comma-separated values is plain text too, so there both must say so.
"""

from __future__ import annotations

import codecs
import csv
import json
import os
import re
from typing import Any

HEAD_BYTES = 1 << 16
"""How much of a file is looked at."""

BOM = codecs.BOM_UTF8

LINES_LOOKED_AT = 5
ROWS_LOOKED_AT = 20
LEAST_NULS = 16
BYTES_PER_NUL = 8
"""A file with so many zero bytes, one in so many, is no text; a zero byte now and then is part of a word."""

_COMPRESSED = "it is compressed: give its name the suffix {}, by which compression is known"
_MODEL = "it is a saved model: load it with Word2Vec.load() or KeyedVectors.load()"
_TABLE = "read it with pandas or pyarrow and give the column that holds lists of words"
_WIDE = "it is not UTF-8 but {0}: convert it, as in iconv -f {0} -t UTF-8"
_OFFICE = "save it as plain text first, one sentence per line"

# The longer of those that begin alike come first.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, _WIDE.format("UTF-32")),
    (codecs.BOM_UTF32_BE, _WIDE.format("UTF-32")),
    (codecs.BOM_UTF16_LE, _WIDE.format("UTF-16")),
    (codecs.BOM_UTF16_BE, _WIDE.format("UTF-16")),
    (b"PAR1", f"it is a Parquet file: {_TABLE}"),
    (b"ARROW1\0", f"it is an Arrow file: {_TABLE}"),
    (b"FEA1", f"it is a Feather file: {_TABLE}"),
    (b"\x89HDF\r\n", f"it is an HDF5 file: {_TABLE}"),
    (b"SQLite format 3\0", f"it is an SQLite database: {_TABLE}"),
    (b"PK\x03\x04", f"it is a zip archive, as .xlsx, .docx and .npz files are: unpack it, or {_OFFICE}"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"it is an Office document: {_OFFICE}"),
    (b"%PDF-", f"it is a PDF document: {_OFFICE}"),
    (b"{\\rtf", f"it is a rich text document: {_OFFICE}"),
    (b"\x1f\x8b", _COMPRESSED.format(".gz")),
    (b"\xfd7zXZ\0", _COMPRESSED.format(".xz")),
    (b"\x28\xb5\x2f\xfd", _COMPRESSED.format(".zst")),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive: unpack it"),
    (b"\x04\x22\x4d\x18", "it is compressed with lz4: unpack it"),
    (b"\x93NUMPY", "it is a numpy array: read it with numpy.load()"),
)
_BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_MARKUP = re.compile(rb"\s*<(\?xml[\s?]|!doctype\s|html[\s>]|mediawiki[\s>])", re.IGNORECASE)
_FRACTION = re.compile(rb"-?\d+\.\d+(e[+-]?\d+)?")
_COUNTS = re.compile(rb"\d{1,12} \d{1,6}\s*")
_JSON_BEGINS = re.compile(r'\s*(\{\s*"|\[\s*[\[{"])')
_DELIMITERS = {".csv": ",;\t|", ".tsv": "\t"}
_COMPRESSIONS = {".gz", ".bz2", ".xz", ".zst"}


def check_plain_text(head: bytes, name: Any, *, whole: bool = False) -> None:
    """Raise ValueError, with the file's name and what to do, if its first bytes are those of no plain text.

    Args:
        head (bytes): how the file begins.
        name (path or object): the file.
        whole (bool): whether that is all of it.
    """
    whole = whole and len(head) < HEAD_BYTES
    head = head[:HEAD_BYTES]
    reason = _vectors(head) or _binary(head) or _markup(head)
    if reason is None:
        text = head.removeprefix(BOM).decode("utf8", "replace")
        suffix = _suffix(name)
        reason = _json(text, suffix, whole) or _table(text, suffix, whole)
    if reason is not None:
        raise ValueError(f"{name} is no plain text: {reason}")


def _suffix(name: Any) -> str:
    """Return the last part of a file's name, in lower case, without that of compression."""
    stem, suffix = os.path.splitext(str(name).lower())
    return os.path.splitext(stem)[1] if suffix in _COMPRESSIONS else suffix


def _binary(head: bytes) -> str | None:
    """Return what to do with a file that is not made of characters."""
    for magic, reason in _MAGIC:
        if head.startswith(magic):
            return reason
    if _BZIP2.match(head):
        return _COMPRESSED.format(".bz2")
    if _PICKLE.match(head):
        return "it is a pickle: if it is a saved model, load it with Word2Vec.load() or KeyedVectors.load()"
    if head[5:9] == b"\0\0\0{":  # the length of its header, then that
        return _MODEL
    nuls = head.count(0)
    for offset, encoding in ((0, "UTF-16BE"), (1, "UTF-16LE")):
        if head[offset::2].count(0) == nuls >= max(4, len(head) // 3):
            return _WIDE.format(encoding)
    if nuls < max(LEAST_NULS, len(head) // BYTES_PER_NUL):
        return None
    return "it holds many zero bytes, as binary files do; give a text in UTF-8, one sentence per line"


def _markup(head: bytes) -> str | None:
    """Return what to do with XML and HTML."""
    if _MARKUP.match(head.removeprefix(BOM)):
        return "it is XML or HTML: extract its text first, one sentence per line"
    return None


def _vectors(head: bytes) -> str | None:
    """Return what to do with vectors in word2vec's formats: counts, then a word and its numbers."""
    first, _, rest = head.partition(b"\n")
    if not _COUNTS.fullmatch(first):
        return None
    if b"\0" in rest:
        return "it holds word vectors: load it with KeyedVectors.load_word2vec_format(path, binary=True)"
    values = rest.partition(b"\n")[0].split()[1:]
    # A text of numbers, such as walks on a graph, may have lines of such lengths, but not of fractions.
    if len(values) == int(first.split()[1]) and any(map(_FRACTION.fullmatch, values)):
        return "it holds word vectors: load it with KeyedVectors.load_word2vec_format()"
    return None


def _json(text: str, suffix: str, whole: bool) -> str | None:
    """Return what to do with JSON, of which each line is a value, or which is one as a whole."""
    if not _JSON_BEGINS.match(text):
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
