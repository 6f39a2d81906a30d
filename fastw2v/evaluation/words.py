"""The lines of a file of judgements, and the rows of the words in it."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

import numpy.typing as npt

from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import naming_damage
from fastw2v.utils import open as open_file

Array = npt.NDArray[Any]
Unit = Callable[[Any], Array]
"""slice or int array of row numbers → rows of length 1, float (n, D)."""

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_LONGEST_MARK = 3  # bytes


def lines_of(path: StrPath, encoding: str = "utf8") -> Iterator[tuple[int, str]]:
    """Yield the lines of a file.

    Args:
        path (path): the file; it may be compressed.
        encoding (str): of the text, unless it begins with a byte order mark, which is left out.

    Yields:
        (int, str): the number of a line, from 1, and the line.

    Raises:
        UnicodeDecodeError: the text has another encoding; the error names the file and the line.
    """
    number = 0
    with open_file(path, "rb") as file, naming_damage(os.fspath(path)):
        content = io.BufferedReader(cast(io.RawIOBase, file))
        encoding = codecs.lookup(_skip_mark(content) or encoding).name
        wide = encoding.startswith(("utf-16", "utf-32"))
        # Bytes where lines can be told in them: an error is then found in its line, not where a block begins.
        lines: Iterable[Any] = io.TextIOWrapper(content, encoding) if wide else content
        try:
            for number, line in enumerate(lines, 1):
                yield number, line if wide else line.decode(encoding)
        except UnicodeDecodeError as error:
            at = number + 1 if wide else number
            error.reason += f" (line {at} of {os.fspath(path)}: the text is not {encoding})"
            raise


def _skip_mark(content: Any) -> str | None:
    """Read over a byte order mark, and return the encoding that it tells; None if there is no mark."""
    start = content.peek(_LONGEST_MARK)[:_LONGEST_MARK]
    for mark, told in _MARKS.items():
        if start.startswith(mark):
            content.read(len(mark))
            return told
    return None


def fold_case(words: Sequence[Any], case_insensitive: bool) -> Sequence[Any]:
    """Return the words upper-cased, if `case_insensitive`."""
    if not case_insensitive:
        return words
    return [word.upper() if isinstance(word, str) else word for word in words]


def rows_by_word(words: Sequence[Any]) -> dict[Any, int]:
    """Return the row of each word; of equal words the first one."""
    return dict(zip(reversed(words), range(len(words) - 1, -1, -1), strict=True))
