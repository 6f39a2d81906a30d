"""The lines of a file of judgements, and the rows of the words in it."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import numpy.typing as npt

from fastw2v import magic
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import FormatError
from fastw2v.formats.streams import name_kind, open_stream

Array = npt.NDArray[Any]
Unit = Callable[[Any], Array]
"""slice or int array of row numbers → rows of length 1, float (n, D)."""


LONGEST_LINE = 1 << 20
"""Bytes of a line of judgements in a compressed file."""


def lines_of(path: StrPath, encoding: str = "utf8", longest: int = LONGEST_LINE) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file.

    Args:
        path (path): the file; it may be compressed, whatever its name.
        encoding (str): of the text, unless it tells its own by a byte order mark, which is left out.
        longest (int): bytes of a line, if the file is compressed.

    Yields:
        (int, str): the number of a line, from 1, and the line.

    Raises:
        FormatError: it is no text, its compressed data is damaged, or a line of it is longer; the error says
            what it is.
        UnicodeDecodeError: the text has another encoding; the error names the file and the line.
    """
    number = 0
    with open_stream(path) as stream:
        kind = magic.kind_of(stream.head)
        if kind is not None and kind.group == "wide":
            encoding = kind.what
        elif kind is not None and kind.name != "json":  # lines of JSON are for who reads them
            about_vectors = kind.group in ("model", "arrays", "table")  # is what there would be to do
            found = kind.what if about_vectors else name_kind(stream.head)
            raise FormatError(f"{stream.name}: expected a text, the file is {found}")
        elif stream.marked:
            encoding = "utf-8"
        wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
        # Bytes where lines can be told in them: an error is then found in its line, not where a block begins.
        file = io.TextIOWrapper(cast(Any, stream.file), encoding) if wide else None
        try:
            for number, line in enumerate(stream.lines(longest, file), 1):
                yield number, line if wide else line.decode(encoding)
        except UnicodeDecodeError as error:
            at = number + 1 if wide else number
            error.reason += f" (line {at} of {stream.name}: the text is not {codecs.lookup(encoding).name})"
            raise


def fold_case(words: Sequence[Any], case_insensitive: bool) -> Sequence[Any]:
    """Return the words upper-cased, if `case_insensitive`."""
    if not case_insensitive:
        return words
    return [word.upper() if isinstance(word, str) else word for word in words]


def rows_by_word(words: Sequence[Any]) -> dict[Any, int]:
    """Return the row of each word; of equal words the first one."""
    return dict(zip(reversed(words), range(len(words) - 1, -1, -1), strict=True))
